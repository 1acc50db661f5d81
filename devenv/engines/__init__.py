"""What makes a Stack run: the engine's words and the list of engines; an engine never prints, prompts or exits."""

from __future__ import annotations

from dataclasses import dataclass

READY, STARTING, UNHEALTHY = "ready", "starting", "unhealthy"
STOPPED, EXITED, MISSING = "stopped", "exited", "missing"


@dataclass(frozen=True, slots=True)
class Address:
    """Where something answers, as seen from the host; `url` is empty where no scheme is known."""

    name: str
    url: str
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """What one service is doing: part of the `status --json` contract, so fields are only ever added."""

    name: str
    role: str
    state: str
    reason: str = ""
    since: str | None = None
    image: str | None = None
    addresses: tuple[Address, ...] = ()
