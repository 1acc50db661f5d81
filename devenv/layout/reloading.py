"""Whether a process takes changed files up by itself, and whose build it does meanwhile: by a table, and no looking."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from devenv.layout.shell import UnclearError, split
from devenv.layout.table import programs

_DEPTH = 5
_RUNNERS = {"npm", "pnpm", "yarn", "bun"}
_THROUGH = {"poetry", "uv", "pdm", "pipenv", "bundle", "pnpm", "yarn", "npm", "bun", "hatch", "rye"}
_PYTHON = re.compile(r"(python|pypy)[\d.]*")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
_YES, _NO = ("1", "true", "t", "yes", "y", "on"), ("0", "false", "f", "no", "n", "off")
_ANSWERS = {**dict.fromkeys(_YES, True), **dict.fromkeys(_NO, False)}
"""What a variable says, in any case of letters: click's words for yes and no (click.types.BoolParamType)."""


Words = tuple[str, ...]
Env = Mapping[str, str | None]
"""Variables; None where nobody can say what one is."""


@dataclass(frozen=True, slots=True)
class Reload:
    """A command that reloads: `words` and `env` as in the table. `never` says that it only looks like one."""

    words: tuple[str, ...]
    replaces: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    never: bool = False
    env: tuple[tuple[str, bool], ...] = ()

    @property
    def shown(self) -> str:
        """The command for a sentence."""
        words = " ".join(self.words)
        return f"{words} with {', '.join(name for name, _ in self.env)}" if self.env else words

    def fits(self, words: Words, env: Env) -> bool:
        """Whether a command with these variables is this one."""
        given = {part for word in words[1:] for part in _parts(word)}
        told = all(_ANSWERS.get((env.get(name) or "").lower()) is answer for name, answer in self.env)
        return words[0] == self.words[0] and given.issuperset(self.words[1:]) and told


Package = Callable[[], str | None]
"""Gives the text of the package.json that the process starts beside; None where there is none."""


def reload_of(command: Sequence[str], package: Package, env: Env) -> Reload | None:
    """The table's row for a command, whatever starts it; None where the process must be restarted to see a change.

    `env` are the variables that it is started with.
    """
    for words, variables in _launched(tuple(command), env, package, 0):
        for row in _rows():
            if row.fits(words, variables):
                return None if row.never else row
    return None


@cache
def telling() -> frozenset[str]:
    """The variables that some row depends on."""
    return frozenset(name for row in _rows() for name, _ in row.env)


def _parts(word: str) -> tuple[str, ...]:
    """A word, and the option alone where it has its value behind `=`."""
    return (word, word.partition("=")[0]) if word.startswith("-") else (word,)


def _launched(words: Words, env: Env, package: Package, depth: int) -> Iterator[tuple[Words, Env]]:
    """The commands that a command comes down to: what a shell, a wrapper or a script of package.json runs."""
    words = tuple(word for word in words if word)
    if not words or depth > _DEPTH:
        return
    name = words[0].rpartition("/")[2]
    yield (name, *words[1:]), env
    for inner, own in _inner(name, words, package):
        yield from _launched(inner, {**env, **own}, package, depth + 1)


def _inner(name: str, words: Words, package: Package) -> Iterator[tuple[Words, Env]]:
    """What a command runs, and the variables that it sets for that."""
    program = programs().get(name)
    if name in ("sh", "bash", "ash", "dash", "zsh") and len(words) > 2 and re.fullmatch(r"-\w*c", words[1]):
        yield from _script(words[2])
    elif name in ("sh", "bash", "ash", "dash", "zsh") and "-c" in words[1:-1]:
        yield from _script(words[words.index("-c") + 1])
    elif _PYTHON.fullmatch(name):
        rest = _behind_options(words[1:], also=("-m",))
        yield ((rest[0].removeprefix("./"), *rest[1:]) if rest else ()), {}
    elif program and program.wraps is not None:
        rest = _behind_options(words[1:])[program.wraps :]
        own = (word.partition("=") for word in rest if _ASSIGNMENT.match(word))
        yield (
            tuple(word for word in rest if "=" not in word or word.startswith("-")),
            {key: value for key, _, value in own},
        )
    if name in _THROUGH and len(words) > 1:
        yield from _through(name, words, package)


def _through(name: str, words: Words, package: Package) -> Iterator[tuple[Words, Env]]:
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
    yield rest, {}


def _script(text: str) -> Iterator[tuple[Words, Env]]:
    try:
        for command in split(text, None, {}):
            yield tuple(word.text or "?" for word in command.words), dict(command.env)
    except UnclearError:
        return


def _behind_options(words: Words, also: tuple[str, ...] = ()) -> Words:
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
            env = tuple(row.get("env", {}).items())
            found.append(Reload((name, *others), replaces, outputs, row.get("never", False), env))
    return tuple(found)
