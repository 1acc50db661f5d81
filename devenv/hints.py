"""Hints from the file system, the engine and the clock in one queue; acts on none."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from devenv.engines.live import Happening
from devenv.reload.watcher import Hint

_LONGEST = 0.5
"""Seconds after which whoever waits is let go, to look around."""


@dataclass(frozen=True, slots=True)
class Tick:
    """The clock's hint."""


AnyHint = Hint | Happening | Tick


class Hints:
    """Filled from several threads, emptied by one."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[AnyHint] = SimpleQueue()
        self._later: list[AnyHint] = []

    def put(self, hint: AnyHint) -> None:
        """Take in one."""
        self._queue.put(hint)

    def wait(self, until: float) -> list[AnyHint]:
        """All that are there, as soon as there is one; a Tick at `until` (monotonic clock); or nothing for now."""
        if not self._later:
            left = min(until - time.monotonic(), _LONGEST)
            try:
                self._later.append(self._queue.get(timeout=max(0.0, left)))
            except Empty:
                return [Tick()] if time.monotonic() >= until else []
        return self.more()

    def more(self) -> list[AnyHint]:
        """All that have come since."""
        self._take_all()
        found, self._later = self._later, []
        return found

    def saved_meanwhile(self) -> bool:
        """Whether files have changed since: nobody wants to wait any longer for what may not come up without them."""
        self._take_all()
        return any(isinstance(hint, Hint) for hint in self._later)

    def _take_all(self) -> None:
        with contextlib.suppress(Empty):
            while True:
                self._later.append(self._queue.get_nowait())
