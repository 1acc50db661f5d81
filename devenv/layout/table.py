"""The table of known commands, as it is shipped beside this module; says which form applies, not what it comes to."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from devenv.layout.words import Command, Word

_FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Form:
    """One form of a command; the keys are those of commands.toml."""

    verbs: tuple[str, ...] = ()
    has: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    operands: str = ""
    reads: tuple[str, ...] = ()
    spares: tuple[str, ...] = ()
    also_reads: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    each: str = ""
    paths: str = ""
    rule: str = ""
    why: str = ""
    hint: str = ""
    tool: str = ""


@dataclass(frozen=True, slots=True)
class Program:
    """A program's forms; `wraps` is None where it doesn't run another command."""

    name: str
    values: frozenset[str]
    folder: frozenset[str]
    wraps: int | None
    forms: tuple[Form, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """A command whose words are sorted: `options` in the order given, with their value where they take one."""

    command: Command
    program: Program
    options: tuple[tuple[str, Word | None], ...]
    operands: tuple[Word, ...]
    clear: bool

    def option(self, *names: str) -> Word | None:
        """The last value that one of the options was given."""
        values = self.all(*names)
        return values[-1] if values else None

    def all(self, *names: str) -> list[Word]:
        """Every value that one of the options was given."""
        return [value for name, value in self.options if name in names and value is not None]

    def has(self, *names: str) -> bool:
        """Whether one of the options is there; `-rf` has `-r` and `-f`."""
        wanted = set(names)
        short = {name[1] for name in names if len(name) == 2 and name[0] == "-"}
        for name, _ in self.options:
            if name in wanted or (not name.startswith("--") and name[:1] == "-" and not short.isdisjoint(name[1:])):
                return True
        return False


@cache
def programs() -> Mapping[str, Program]:
    """Every known program by each of its names."""
    found: dict[str, Program] = {}
    for name, row in _load("commands.toml").items():
        program = Program(
            name,
            frozenset(row.get("values", ())),
            frozenset(row.get("folder", ())),
            row.get("wraps"),
            tuple(_form(each) for each in row.get("form", ())),
        )
        found |= dict.fromkeys([name, *row.get("also", ())], program)
    return found


def sort(command: Command, program: Program, skip: int = 1) -> Call:
    """Part a command's words into options and operands; not clear where a word that may be either isn't known."""
    options: list[tuple[str, Word | None]] = []
    operands: list[Word] = []
    clear = True
    words = list(command.words[skip:])[::-1]
    only_operands = False
    while words:
        word = words.pop()
        text = word.text
        if text is None:
            operands.append(word)
            clear = False
        elif only_operands or not text.startswith("-") or text == "-":
            operands.append(word)
        elif text == "--":
            only_operands = True
        else:
            name, equals, value = text.partition("=")
            if equals:
                options.append((name, Word(value)))
            else:
                options.append((name, words.pop() if name in program.values and words else None))
    return Call(command, program, tuple(options), tuple(operands), clear)


def form_of(call: Call) -> tuple[Form, tuple[Word, ...]] | None:
    """The form that applies, and the operands behind its verb; None where none does."""
    for form in call.program.forms:
        count = _verb(form.verbs, call.operands)
        if count is None or (form.has and not call.has(*form.has)) or (form.lacks and call.has(*form.lacks)):
            continue
        rest = call.operands[count:]
        if form.operands and bool(rest) is not (form.operands == "some"):
            continue
        return form, rest
    return None


def _verb(verbs: Sequence[str], operands: Sequence[Word]) -> int | None:
    """How many operands the first verb that fits takes; None where none fits."""
    if not verbs:
        return 0
    texts = [word.text for word in operands]
    for verb in verbs:
        parts = verb.split()
        if (parts and texts[: len(parts)] == parts) or (not parts and not texts):
            return len(parts)
    return None


def _form(row: Mapping[str, Any]) -> Form:
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
    return Form(**values)


def _load(name: str) -> dict[str, Any]:
    return tomllib.loads((_FOLDER / name).read_text(encoding="utf-8"))
