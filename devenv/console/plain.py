"""Events as lines, for logs, pipes and CI; must not move a cursor, and never writes the same thing twice."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from types import TracebackType
from typing import Self, TextIO

from devenv.console.lines import log_line, notice_line, phase_line
from devenv.console.progress import Progress
from devenv.console.stream import Out
from devenv.console.text import cells, clean
from devenv.events import Event, LogLine, Notice, ServicePhase


class Console(ABC):
    """A reporter for people; safe to call from several threads, and it never raises."""

    def __init__(self, stream: TextIO, *, color: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._out = Out(stream)
        self._color = color
        self._clock = clock
        self._progress = Progress()
        # Reentrant, because a signal handler may emit while the main thread is in the middle of emitting.
        self._lock = threading.RLock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def emit(self, event: Event) -> None:
        """Take one event."""
        with self._lock:
            self._show(event)

    def close(self) -> None:
        """Bring the output to its end; later events are still taken."""

    def builder_lines(self, service: str) -> tuple[str, ...]:
        """What the last build of the service printed at its end, shown or not."""
        with self._lock:
            return self._progress.builder_lines(service)

    @abstractmethod
    def _show(self, event: Event) -> None:
        """Show one event; called with the lock held."""

    def _write(self, line: str) -> None:
        self._out.write(line + "\n")
        self._out.flush()


class PlainConsole(Console):
    """A line for each phase that a service enters, each notice, and each line of a builder."""

    _name_width = 0

    def _show(self, event: Event) -> None:
        now = self._clock()
        if isinstance(event, Notice):
            self._write(notice_line(event, self._color))
            return
        self._name_width = max(self._name_width, cells(clean(event.service)))
        if isinstance(event, LogLine):
            self._progress.take_line(event)
            self._write(log_line(event.service, event.text, self._name_width, self._color))
        elif entry := self._progress.take(event, now):
            self._write(phase_line(entry, now, self._name_width, self._color))


class QuietConsole(Console):
    """Warnings only."""

    def _show(self, event: Event) -> None:
        if isinstance(event, ServicePhase):
            self._progress.take(event, self._clock())
        elif isinstance(event, LogLine):
            self._progress.take_line(event)
        elif event.level == "warning":
            self._write(notice_line(event, self._color))
