"""What each service is doing and since when, gathered from events; must draw nothing and read no clock."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from devenv.events import LogLine, Phase, ServicePhase

ENDS = frozenset({Phase.READY, Phase.FAILED, Phase.STOPPED, Phase.REMOVED})
"""Phases in which nobody waits for the service any more."""

_KEPT_LINES = 200
_NOTICEABLE = 0.05
"""Seconds below which a duration would read `0.0 s`."""


@dataclass(slots=True)
class Entry:
    """One service; `ended` is when it reached an end, None while it works."""

    name: str
    phase: Phase
    detail: str
    begun: float
    ended: float | None = None
    lines: deque[str] = field(default_factory=lambda: deque(maxlen=_KEPT_LINES))

    def doing(self, after: str = "") -> str:
        """The phase, with something after it, and the detail where there is one."""
        return f"{self.phase.value}{after}" + (f": {self.detail}" if self.detail else "")

    def elapsed(self, now: float) -> float | None:
        """Seconds since it began, or that it took; None where it took no time worth telling."""
        seconds = (now if self.ended is None else self.ended) - self.begun
        return seconds if seconds >= _NOTICEABLE else None

    def enter(self, phase: Phase, now: float) -> None:
        """Go on to another phase; after an end a new clock runs."""
        if self.ended is not None:
            self.begun = now
        if phase is Phase.BUILDING:
            self.lines.clear()
        self.phase = phase
        self.ended = now if phase in ENDS else None


class Progress:
    """All services, in the order in which they were first heard of."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries.values())

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def busy(self) -> bool:
        """Whether something is still to be waited for."""
        return any(entry.ended is None for entry in self)

    def take(self, event: ServicePhase, now: float) -> Entry | None:
        """Note the event; gives the service if it went on to another phase, None if only its detail changed."""
        known = self._entries.get(event.service)
        entry = known or Entry(event.service, event.phase, "", now, now if event.phase in ENDS else None)
        self._entries[event.service] = entry
        entry.detail = event.detail
        if known is None:
            return entry
        if known.phase is event.phase:
            return None
        entry.enter(event.phase, now)
        return entry

    def take_line(self, event: LogLine) -> bool:
        """Keep a builder's line; False where the service is not being built: then it is the service's own."""
        entry = self._entries.get(event.service)
        if entry is None or entry.phase is not Phase.BUILDING:
            return False
        entry.lines.append(event.text)
        return True

    def builder_lines(self, service: str) -> tuple[str, ...]:
        """What the last build of the service printed at its end."""
        entry = self._entries.get(service)
        return tuple(entry.lines) if entry else ()
