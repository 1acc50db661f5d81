"""A Dockerfile as a list of instructions, words not yet expanded; the only home of the parser library, judges nothing.

The library is a port of BuildKit's own parser. Where it differs, this makes it BuildKit's again: ONBUILD keeps its
arguments, an unset variable expands to nothing, and a name with a blank needs the JSON form of COPY.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from e2b_dockerfile_utils import DockerfileSyntaxError, ShellLex, chomp_heredoc_content, parse_dockerfile_ast

from devenv.errors import InputError

_SHOWN = 100
_NO_PREFIX = re.compile(r"Dockerfile parse error( on line \d+)?: ")


@dataclass(frozen=True, slots=True)
class Heredoc:
    """Text that stands in the Dockerfile itself."""

    name: str
    content: str


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction: `name` in capitals, `text` all of it on one line, `args` behind the flags.

    `json` says that the arguments were a JSON list. ENV and LABEL have triples of key, value and separator.
    """

    name: str
    text: str
    flags: tuple[str, ...]
    args: tuple[str, ...]
    json: bool
    heredocs: tuple[Heredoc, ...]
    line: int

    @property
    def shown(self) -> str:
        """The text on one line, shortened."""
        return shorten(self.text)

    def flag(self, name: str) -> str | None:
        """The last value of `--name=value`, "" for a bare `--name`, None where it isn't given."""
        values = self.all_flags(name)
        return values[-1] if values else None

    def all_flags(self, name: str) -> list[str]:
        """Every value of a flag that may be given more than once."""
        parts = (flag[2:].partition("=") for flag in self.flags)
        return [value for key, _, value in parts if key == name]

    def is_on(self, name: str) -> bool:
        """Whether a flag such as `--link` is given and not `false`."""
        value = self.flag(name)
        return value is not None and value.lower() not in ("false", "0", "f")


@dataclass(frozen=True, slots=True)
class Dockerfile:
    """All instructions of a file; `name` is for messages, `escape` the character that takes a sign its meaning."""

    name: str
    instructions: tuple[Instruction, ...]
    escape: str = "\\"

    def fail(self, line: int, message: str, hint: str | None = None) -> InputError:
        """The error for what can't be built, with its place."""
        return InputError(message, where=f"{self.name}:{line}" if line else self.name, hint=hint)

    def expand(self, word: str, variables: Mapping[str, str], line: int) -> str:
        """A word with its variables filled in and its quotes removed. Raises InputError as the builder would."""
        if "$" not in word and "'" not in word and '"' not in word and self.escape not in word:
            return word
        try:
            return ShellLex(self.escape, env=variables, skip_unset_env=False).process_word(word)
        except ValueError as error:
            reason = str(error).rpartition(": ")[2]
            raise self.fail(line, f"`{shorten(word)}` can't be expanded: {reason}") from error


def parse(text: str, name: str) -> Dockerfile:
    """Read a Dockerfile's text. Raises InputError with `name:line` for what the builder can't read either."""
    try:
        ast = parse_dockerfile_ast(text)
    except DockerfileSyntaxError as error:
        where = f"{name}:{error.line}" if error.line else name
        message = _NO_PREFIX.sub("", str(error))
        raise InputError(f"the Dockerfile can't be read: {message}", where=where, hint=_hint(message)) from error
    result = Dockerfile(name, tuple(_instruction(each) for each in ast.instructions), ast.escape_token)
    if not result.instructions:
        raise result.fail(0, "the Dockerfile is empty", "it begins with `FROM` and an image")
    for each in result.instructions:
        _check(result, each)
    return result


def trigger(dockerfile: Dockerfile, text: str, line: int) -> Instruction:
    """What an ONBUILD holds, as an instruction at the line where it fires. Raises InputError where it can't be read."""
    try:
        inner = parse_dockerfile_ast(text).instructions
    except DockerfileSyntaxError:
        inner = []
    if len(inner) != 1 or inner[0].name in ("ONBUILD", "FROM", "MAINTAINER"):
        raise dockerfile.fail(line, f"ONBUILD can't hold `{shorten(text)}`")
    inner[0].start_line = line
    result = _instruction(inner[0])
    _check(dockerfile, result)
    return result


def onbuild_text(instruction: Instruction) -> str:
    """What stands behind ONBUILD."""
    return instruction.text[len("ONBUILD") :].strip()


def shorten(text: str, most: int = _SHOWN) -> str:
    """A text on one line of at most `most` characters."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def _instruction(found: Any) -> Instruction:
    heredocs = tuple(
        Heredoc(each.name, chomp_heredoc_content(each.content) if each.chomp else each.content)
        for each in found.heredocs
    )
    text = found.original.strip()
    return Instruction(found.name, text, tuple(found.flags), tuple(found.args), found.json, heredocs, found.start_line)


_LEAST = {"FROM": 1, "COPY": 2, "ADD": 2, "ENV": 1, "WORKDIR": 1, "USER": 1, "RUN": 1, "ONBUILD": 0, "ARG": 1}


def _check(dockerfile: Dockerfile, found: Instruction) -> None:
    """What the library lets pass and the builder doesn't."""
    if len(found.args) < _LEAST.get(found.name, 0) and not (found.name == "RUN" and found.heredocs):
        raise dockerfile.fail(found.line, f"{found.name} needs {_needs(found.name)}", f"it says: {found.shown}")
    if found.name in ("COPY", "ADD") and not found.json and any(" " in word for word in found.args):
        hint = f'write {found.name} ["name with blanks", "/where/to/"]'
        raise dockerfile.fail(found.line, f"{found.name} takes a name with blanks in its JSON form only", hint)
    if found.name == "FROM" and len(found.args) not in (1, 3):
        raise dockerfile.fail(found.line, "FROM is one image, or an image, AS and a name", f"it says: {found.shown}")


def _needs(name: str) -> str:
    return {"COPY": "a source and a destination", "ADD": "a source and a destination"}.get(name, "an argument")


def _hint(message: str) -> str | None:
    if match := re.match(r"unknown instruction: (\S+)", message):
        from difflib import get_close_matches

        known = ["FROM", "RUN", "COPY", "ADD", "ENV", "ARG", "WORKDIR", "USER", "CMD", "ENTRYPOINT", "EXPOSE", "LABEL"]
        close = get_close_matches(match[1].upper(), known, 1)
        return f"did you mean `{close[0]}`?" if close else "a line of a long RUN may lack its backslash"
    if "heredoc" in message:
        return "the word behind `<<` must stand on a line of its own where the text ends"
    return None
