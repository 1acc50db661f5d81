"""What a person or a program may want to see while something happens; events are emitted, never printed here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol


class Phase(Enum):
    """What a service is doing, in the order in which it usually happens."""

    BUILDING = "building"
    PULLING = "pulling"
    CREATING = "creating"
    RECREATING = "recreating"
    STARTING = "starting"
    WAITING = "waiting"
    SETUP = "setup"
    READY = "ready"
    FAILED = "failed"
    STOPPING = "stopping"
    STOPPED = "stopped"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class ServicePhase:
    """A service entered a phase, or its detail changed (what it waits for, why it is recreated)."""

    service: str
    phase: Phase
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something worth a line of its own that belongs to no phase: a port moved, a file was written."""

    message: str
    level: str = "info"  # info | warning


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line that a service (or the builder) wrote, without its line end."""

    service: str
    text: str


@dataclass(frozen=True, slots=True)
class Reloaded:
    """Saved files were brought to where they run, or could not be.

    `changed` are the paths in words, `rule` is the line of the Dockerfile that decided, `action` what was done: synced,
    restarted, started, rebuilt, applied or failed. `seconds` are from the save to the end of that.
    """

    services: tuple[str, ...]
    changed: str
    paths: tuple[str, ...]
    action: str
    rule: str = ""
    seconds: float | None = None
    detail: str = ""
    lines: tuple[str, ...] = ()


Event = ServicePhase | Notice | LogLine | Reloaded


class Reporter(Protocol):
    """Takes events; must be safe to call from several threads and must not raise."""

    def emit(self, event: Event) -> None:
        """Take one event."""


class NullReporter:
    """Shows nothing."""

    def emit(self, event: Event) -> None:
        """Forget the event."""
