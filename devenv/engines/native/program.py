"""A program that the supervisor keeps running, and what it says of it; values only, as JSON on the way between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MARK = "DEVENV_PROCESS"
"""The environment variable by which a process is known as one of a project's service, whoever its parent is by now."""


@dataclass(frozen=True, slots=True)
class Program:
    """What to run, and how to end it.

    `env` is the whole environment. `stop` is the number of the signal that asks it to end, `grace` the seconds that it
    may take for that. `needs` are programs that have to outlive it. `user` and `group` are numbers, None for our own.
    `keep` says that it is started again when it fails, once it was declared ready. `digest` changes with all
    that makes a running one out of date.
    """

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(repr=False)
    folder: str
    log: str
    stop: int = 15
    grace: float = 10.0
    needs: tuple[str, ...] = ()
    user: int | None = None
    group: int | None = None
    keep: bool = False
    digest: str = ""

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Program:
        """The program that `dataclasses.asdict` took apart."""
        return cls(**{**value, "argv": tuple(value["argv"]), "needs": tuple(value["needs"])})


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of a program: `pid` and `identity` of its process, `code` once it has ended (negative: a signal).

    `log_from` is where in its log the present run begins. `left` counts the processes that it left behind at its end.
    `armed` says that it was declared ready once: one that is not was cut off on its way there.
    """

    name: str
    state: str  # running | waiting (to be started again) | stopping | ended
    digest: str = ""
    pid: int = 0
    identity: str = ""
    started: float = 0.0
    ended: float = 0.0
    code: int | None = None
    restarts: int = 0
    log_from: int = 0
    left: int = 0
    told: bool = False  # it was told to end
    stop: int = 15
    armed: bool = False

    @property
    def alive(self) -> bool:
        """Whether a process of it is there, or will be."""
        return self.state != "ended"
