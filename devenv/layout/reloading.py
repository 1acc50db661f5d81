"""Whether a process takes changed files up by itself, and whose build it does meanwhile: by a table, and no looking."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from devenv.layout.shell import UnclearError, split
from devenv.layout.table import programs

_DEPTH = 5
_RUNNERS = {"npm", "pnpm", "yarn", "bun"}
_THROUGH = {"poetry", "uv", "pdm", "pipenv", "bundle", "pnpm", "yarn", "npm", "bun", "hatch", "rye"}
_PYTHON = re.compile(r"(python|pypy)[\d.]*")


@dataclass(frozen=True, slots=True)
class Reload:
    """A command that reloads: `words` as in the table. `never` says that it only looks like one."""

    words: tuple[str, ...]
    replaces: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    never: bool = False

    @property
    def shown(self) -> str:
        """The command for a sentence."""
        return " ".join(self.words)


Package = Callable[[], str | None]
"""Gives the text of the package.json that the process starts beside; None where there is none."""


def reload_of(command: Sequence[str], package: Package) -> Reload | None:
    """The table's row for a command, whatever starts it; None where the process must be restarted to see a change."""
    for words in _launched(tuple(command), package, 0):
        for row in _rows():
            if words[0] == row.words[0] and set(row.words[1:]) <= {part for word in words[1:] for part in _parts(word)}:
                return None if row.never else row
    return None


def _parts(word: str) -> tuple[str, ...]:
    """A word, and the option alone where it has its value behind `=`."""
    return (word, word.partition("=")[0]) if word.startswith("-") else (word,)


def _launched(words: tuple[str, ...], package: Package, depth: int) -> Iterator[tuple[str, ...]]:
    """The commands that a command comes down to: what a shell, a wrapper or a script of package.json runs."""
    words = tuple(word for word in words if word)
    if not words or depth > _DEPTH:
        return
    name = words[0].rpartition("/")[2]
    yield (name, *words[1:])
    for inner in _inner(name, words, package):
        yield from _launched(inner, package, depth + 1)


def _inner(name: str, words: tuple[str, ...], package: Package) -> Iterator[tuple[str, ...]]:
    program = programs().get(name)
    if name in ("sh", "bash", "ash", "dash", "zsh") and len(words) > 2 and re.fullmatch(r"-\w*c", words[1]):
        yield from _script(words[2])
    elif name in ("sh", "bash", "ash", "dash", "zsh") and "-c" in words[1:-1]:
        yield from _script(words[words.index("-c") + 1])
    elif _PYTHON.fullmatch(name):
        rest = _behind_options(words[1:], also=("-m",))
        yield (rest[0].removeprefix("./"), *rest[1:]) if rest else ()
    elif program and program.wraps is not None:
        rest = _behind_options(words[1:])
        yield tuple(word for word in rest[program.wraps :] if "=" not in word or word.startswith("-"))
    if name in _THROUGH and len(words) > 1:
        yield from _through(name, words, package)


def _through(name: str, words: tuple[str, ...], package: Package) -> Iterator[tuple[str, ...]]:
    """What stands behind `run` and `exec`, and the script of package.json that it may name."""
    rest = _behind_options(words[1:])
    if rest and rest[0] in ("run", "exec", "dlx", "x"):
        rest = _behind_options(rest[1:])
    if not rest:
        return
    if name in _RUNNERS:
        try:
            scripts = json.loads(package() or "{}").get("scripts", {})
        except (ValueError, AttributeError):
            scripts = {}
        if isinstance(script := scripts.get(rest[0]), str):
            yield from _script(script)
            return
    yield rest


def _script(text: str) -> Iterator[tuple[str, ...]]:
    try:
        for command in split(text, None, {}):
            yield tuple(word.text or "?" for word in command.words)
    except UnclearError:
        return


def _behind_options(words: tuple[str, ...], also: tuple[str, ...] = ()) -> tuple[str, ...]:
    for number, word in enumerate(words):
        if not word.startswith("-") or word in ("-S",):
            return words[number:]
        if word in also:
            return words[number + 1 :]
    return ()


@cache
def _rows() -> tuple[Reload, ...]:
    text = (Path(__file__).parent / "reloads.toml").read_text(encoding="utf-8")
    found: list[Reload] = []
    for row in tomllib.loads(text)["reload"]:
        first, *others = row["command"].split()
        for name in (first, *row.get("also", ())):
            replaces, outputs = tuple(row.get("replaces", ())), tuple(row.get("outputs", ()))
            found.append(Reload((name, *others), replaces, outputs, row.get("never", False)))
    return tuple(found)
