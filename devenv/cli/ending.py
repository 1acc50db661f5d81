"""Being told to end, so that it can't get lost, for commands that go on until they are; ends nothing by itself.

What a signal's handler raises comes up wherever Python is at that moment. In a callback of its own Python drops it (see
`sys.unraisablehook`), in `__set_name__` it makes another error of it before 3.12. An import is full of both, so the
handler is put off until its end; and what was dropped all the same is raised again by `check`.
"""

from __future__ import annotations

import signal
from types import FrameType, TracebackType
from typing import Self

_TOLD_BY = (signal.SIGINT, signal.SIGTERM)
_IMPORTER = "<frozen importlib._bootstrap>"
_LATER = 0.02
"""Seconds for which a handler is put off at a time."""


class Ending:
    """Keeps in mind that a signal came, besides what its handler does; in the main thread only."""

    def __init__(self) -> None:
        found = {number: signal.getsignal(number) for number in _TOLD_BY}
        self._handlers = {number: each for number, each in found.items() if callable(each)}  # an ignored one stays so
        self._came: signal.Signals | None = None

    def __enter__(self) -> Self:
        for number in self._handlers:
            signal.signal(number, self._heard)
        self._alarm = signal.signal(signal.SIGALRM, self._raise)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, self._alarm)
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        if not isinstance(error, KeyboardInterrupt | SystemExit):
            self.check()

    def check(self) -> None:
        """Raise what the signal's handler raises, if one came."""
        if self._came:
            self._handlers[self._came](self._came, None)

    def _heard(self, number: int, frame: FrameType | None) -> None:
        self._came = signal.Signals(number)
        self._raise(number, frame)

    def _raise(self, number: int, frame: FrameType | None) -> None:
        if _is_importing(frame):
            signal.setitimer(signal.ITIMER_REAL, _LATER)
        else:
            self.check()


def _is_importing(frame: FrameType | None) -> bool:
    while frame:
        if frame.f_code.co_filename == _IMPORTER:
            return True
        frame = frame.f_back
    return False
