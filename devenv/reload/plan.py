"""From changes and the layout's rulings to what is to be done: pure; the engine does it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from devenv.layout.fingerprint import Index
from devenv.layout.ruling import Change as How
from devenv.layout.ruling import Ruling, Verdict
from devenv.reload.difference import Change, outermost
from devenv.reload.rules import Rules
from devenv.several import first_few


class Action(Enum):
    """What a batch of changes asks for."""

    NOTHING = "nothing"
    SYNC = "sync"
    REBUILD = "rebuild"


@dataclass(frozen=True, slots=True)
class Ruled:
    """A change, and what the layout says of its path."""

    change: Change
    ruling: Ruling


@dataclass(frozen=True, slots=True)
class Reaction:
    """What to do about one image: `sync` are the changes to send, `causes` those that decided."""

    action: Action
    sync: tuple[Ruled, ...] = ()
    causes: tuple[Ruled, ...] = ()

    @property
    def rule(self) -> str:
        """The line of the Dockerfile that decided, with its text; empty where none did."""
        return rule_of(self.causes[0].ruling) if self.causes else ""

    @property
    def reason(self) -> str:
        """Why, in the layout's words."""
        return self.causes[0].ruling.reason if self.causes else ""

    @property
    def cause(self) -> str:
        """Stands for what asks for a rebuild: the same cause that failed once fails again."""
        return "\0".join(f"{each.change.path}\0{each.change.after}" for each in self.causes)


def plan(changes: Iterable[Change], rules: Rules, refused: str = "") -> Reaction:
    """The reaction to all that differs between a context and what a container of its image holds.

    `refused` is the cause of the rebuild that failed last: while nothing of it changes, it is not tried again, and
    what can be sent is sent to what still runs.
    """
    ruled = [Ruled(change, judge(change, rules)) for change in changes]
    rebuild = _tellable(each for each in ruled if each.ruling.verdict is Verdict.REBUILD)
    sync = tuple(each for each in ruled if each.ruling.verdict is Verdict.SYNC)
    if rebuild:
        reaction = Reaction(Action.REBUILD, sync, rebuild)
        if reaction.cause != refused:
            return reaction
    return Reaction(Action.SYNC, sync, _tellable(sync)) if sync else Reaction(Action.NOTHING)


def judge(change: Change, rules: Rules) -> Ruling:
    """The ruling on a change; the Dockerfile itself is read by the builder, whatever is copied."""
    if change.builder:
        reason = (
            "the builder reads it" if not change.name.endswith(".dockerignore") else "it says what the builder sees"
        )
        return Ruling(change.name, Verdict.REBUILD, (), 0, "", reason)
    how = How.ADD if change.before is None else How.DELETE if change.after is None else How.EDIT
    return rules.rule(change.path.rstrip("/"), how)


def rule_of(ruling: Ruling) -> str:
    """`Dockerfile:12 COPY shop/ shop/`, or the reason where no line decides."""
    return f"Dockerfile:{ruling.line} {ruling.instruction}".rstrip() if ruling.line else ruling.reason


def told(causes: Iterable[Ruled], limit: int = 2, mark: str = "") -> str:
    """The changed paths as people want to hear them, between marks: the first few, and how many more."""
    names = list(dict.fromkeys(_name(each.change, mark) for each in causes))
    return first_few(names, limit)


def saved_at(now: Index, causes: Iterable[Ruled]) -> float:
    """When the last of the causes that are still there was written, in seconds since the epoch; 0 where none is."""
    entries = (now.entries.get(each.change.path) for each in causes)
    return max((entry.ctime_ns for entry in entries if entry), default=0) / 1e9


def _name(change: Change, mark: str) -> str:
    return mark + change.name + mark + {"deleted": " (deleted)", "mode": " (mode)"}.get(change.kind, "")


def _tellable(ruled: Iterable[Ruled]) -> tuple[Ruled, ...]:
    """Without folders in which something else changed; files before folders."""
    ruled = list(ruled)
    kept = {change.path for change in outermost(each.change for each in ruled)}
    return tuple(each for each in ruled if each.change.path in kept)
