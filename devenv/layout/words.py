"""The words of a shell script and the commands they make: without quotes, with the variables that are known."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tree_sitter import Node

_WILD = re.compile(r"(?<!\\)[*?\[]")
_PLAIN = frozenset({"word", "number", "extglob_pattern", "variable_name", "test_operator"})

Variables = Mapping[str, str | None]
Visit = Callable[["Node"], None]


class Word(NamedTuple):
    """One word of a command, without quotes; `text` is None where nobody can say it. `wild`: the shell expands it."""

    text: str | None
    wild: bool = False


@dataclass(frozen=True, slots=True)
class Command:
    """One command as it runs: `folder` is where, None where that isn't clear.

    `sure` says that it runs whatever happens, `stdin` is a text that it reads, None for none and "" for an unknown one;
    `kept` that what it prints goes into a file or another command, and isn't only shown. `env` are the variables that
    are set for it alone.
    Redirections are commands of their own, called `<` and `>`.
    """

    words: tuple[Word, ...]
    text: str
    folder: str | None
    sure: bool = True
    stdin: str | None = None
    kept: bool = False
    env: tuple[tuple[str, str | None], ...] = ()

    @property
    def name(self) -> str | None:
        """The program's name as written."""
        return self.words[0].text if self.words else None

    def behind(self, count: int) -> Command:
        """The command that begins some words further on, for those that run another."""
        return replace(self, words=self.words[count:])


def is_wild(text: str) -> bool:
    """Whether the shell would look for files that match."""
    return _WILD.search(text) is not None


def read_word(node: Node, source: bytes, variables: Variables, visit: Visit) -> Word:
    """The word that a node of the syntax tree is; `visit` gets what holds commands that run to make it."""
    return _Reader(source, variables, visit).read(node)


class _Reader(NamedTuple):
    source: bytes
    variables: Variables
    visit: Visit

    def read(self, node: Node) -> Word:
        kind = node.type
        text = self.source[node.start_byte : node.end_byte].decode(errors="replace")
        if kind in _PLAIN:
            return Word(None) if text.startswith("~") else Word(re.sub(r"\\(.)", r"\1", text), is_wild(text))
        if kind == "raw_string":
            return Word(text[1:-1])
        if kind in ("string", "concatenation"):
            return self._joined(node)
        if kind == "string_content":
            return Word(re.sub(r"\\([\"\\$`])", r"\1", text))
        if kind == "simple_expansion":
            return Word(self.variables.get(text[1:]))
        if kind in ("command_substitution", "process_substitution"):
            self.visit(node)
            return Word(None)
        for child in node.named_children:
            self.read(child)
        return Word(self.variables.get(text[2:-1]) if kind == "expansion" else None)

    def _joined(self, node: Node) -> Word:
        """Pieces without a blank between them; what lies between two nodes of a string is text as well."""
        quoted = node.type == "string"
        pieces: list[str] = []
        clear, wild = True, False
        end = node.start_byte + quoted
        for child in node.named_children:
            pieces.append(self.source[end : child.start_byte].decode(errors="replace"))
            end = child.end_byte
            word = self.read(child)
            clear = clear and word.text is not None
            wild = wild or (word.wild and not quoted)
            pieces.append(word.text or "")
        pieces.append(self.source[end : node.end_byte - quoted].decode(errors="replace"))
        text = "".join(pieces)
        if not quoted and "{" in text and "," in text:
            clear = False
        return Word(text if clear else None, wild)
