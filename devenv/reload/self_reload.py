"""Whether a process sees changed files by itself, from its command line: a data table, and nothing that runs."""

from __future__ import annotations

import functools
import shlex
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_TABLE = Path(__file__).with_name("self_reload.toml")
_ENDS = frozenset({"&&", "||", ";", "|", "&"})


@dataclass(frozen=True, slots=True)
class _Known:
    """One entry of the table, see its head."""

    program: str
    words: tuple[str, ...]
    any: tuple[str, ...]
    none: tuple[str, ...]
    env: Mapping[str, str]

    def fits(self, arguments: Sequence[str], env: Mapping[str, str]) -> bool:
        """Whether a command of this program reloads itself."""
        options = {word.partition("=")[0] for word in arguments} | set(arguments)
        return (
            options.issuperset(self.words)
            and (not self.any or not options.isdisjoint(self.any))
            and options.isdisjoint(self.none)
            and all(env.get(name, "") in wanted.split("|") for name, wanted in self.env.items())
        )


def reloads_itself(command: Iterable[str], env: Mapping[str, str]) -> str:
    """The program of a command line that reloads itself, as it is called there; empty where none is known."""
    words = list(_flat(command))
    for place, word in enumerate(words):
        name = word.rpartition("/")[2]
        for known in _table().get(name, ()):
            if known.fits(_own(words[place + 1 :]), env):
                return name
    return ""


def _own(words: Sequence[str]) -> list[str]:
    """The arguments up to the end of the command."""
    end = next((place for place, word in enumerate(words) if word in _ENDS), len(words))
    return list(words[:end])


def _flat(command: Iterable[str]) -> Iterable[str]:
    """The words, and instead of a shell's script the words in it."""
    for word in command:
        if not any(space in word for space in " \n\t"):
            yield word
            continue
        try:
            yield from shlex.split(word.replace(";", " ; "), comments=True)
        except ValueError:
            yield from word.split()


@functools.cache
def _table() -> Mapping[str, tuple[_Known, ...]]:
    result: dict[str, tuple[_Known, ...]] = {}
    for entry in tomllib.loads(_TABLE.read_text(encoding="utf-8"))["process"]:
        words, some, none = (tuple(entry.get(key, ())) for key in ("words", "any", "none"))
        known = _Known(entry["program"], words, some, none, entry.get("env", {}))
        result[known.program] = (*result.get(known.program, ()), known)
    return result
