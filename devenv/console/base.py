"""What every console is: a reporter with a lock, a clock and a stream; must not know how an event looks."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from types import TracebackType
from typing import Self, TextIO

from devenv.console.progress import Progress
from devenv.console.stream import Out
from devenv.events import Event


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
        """Bring the output to its end; an event after it is still taken."""
        self._out.flush()

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
