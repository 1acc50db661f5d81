"""A list of services that is drawn again while they work, by rich; must leave the terminal as it found it."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from typing import IO, TYPE_CHECKING, Self, TextIO, cast

from devenv.console.base import Console
from devenv.console.board import FRAME, board
from devenv.console.lines import log_line, notice_line, reloaded_lines
from devenv.console.progress import Progress
from devenv.console.text import Line, cells, clean, render
from devenv.events import Event, LogLine, Notice, Reloaded

if TYPE_CHECKING:
    from rich.live import Live


class LiveConsole(Console):
    """One line per service, notices above them; the list stays when it ends.

    rich is imported by the first frame, and that comes only after `pace` seconds of work: what is ready at once
    is listed without it.
    """

    def __init__(
        self,
        stream: TextIO,
        *,
        color: bool,
        clock: Callable[[], float] = time.monotonic,
        size: tuple[int, int] | None = None,
        pace: float = FRAME,
    ) -> None:
        super().__init__(stream, color=color, clock=clock)
        self._stream = stream
        self._fixed_size = size
        self._pace = pace
        self._open = False
        self._closing = threading.Event()
        self._changed = threading.Event()
        self._thread: threading.Thread | None = None
        self._live: Live | None = None

    def __enter__(self) -> Self:
        self._progress = Progress()
        self._closing.clear()
        self._changed.clear()
        self._open = True
        self._thread = threading.Thread(target=self._animate, name="devenv-console", daemon=True)
        self._thread.start()
        return self

    def close(self) -> None:
        """Draw the last frame, without a spinner, and give the terminal back."""
        try:
            self._closing.set()
            self._changed.set()
            if self._thread:
                self._thread.join()
        finally:
            with self._lock:
                self._end()

    def draw(self) -> bool:
        """Draw a frame now; gives whether the next one will differ."""
        with self._lock:
            if self._open and len(self._progress):
                self._live = self._live or self._start()
                self._update(self._live, moving=True)
            return self._progress.busy

    def _show(self, event: Event) -> None:
        if isinstance(event, Notice):
            self._write(notice_line(event, self._color))
        elif isinstance(event, Reloaded):
            for line in reloaded_lines(event, self._color):
                self._write(line)
        elif isinstance(event, LogLine):
            if not self._progress.take_line(event):
                width = max((cells(clean(entry.name)) for entry in self._progress), default=0)
                self._write(log_line(event.service, event.text, width, self._color))
        else:
            self._progress.take(event, self._clock())
        self._changed.set()

    def _write(self, line: str) -> None:
        if self._live is None:
            super()._write(line)
            return
        from rich.text import Text

        self._live.console.print(Text.from_ansi(line), soft_wrap=True)

    def _animate(self) -> None:
        self._changed.wait()
        while not self._closing.wait(self._pace):
            self._changed.clear()
            # Closing is looked at again: it may have come just before the clearing, and its wake-up is lost then.
            if not self.draw() and not self._closing.is_set():
                self._changed.wait()

    def _start(self) -> Live:
        from rich.console import Console as RichConsole
        from rich.live import Live

        console = RichConsole(
            file=cast(IO[str], self._out),
            force_terminal=True,
            force_interactive=True,
            force_jupyter=False,
            color_system="standard" if self._color else None,
            no_color=not self._color,
            markup=False,
            highlight=False,
            emoji=False,
        )
        # Only our own stream is redirected: what others print to stdout is data, and stays there.
        own = self._stream is sys.stderr
        live = Live(console=console, auto_refresh=False, redirect_stdout=False, redirect_stderr=own)
        live.start()
        return live

    def _end(self) -> None:
        live, self._live, self._thread = self._live, None, None
        if not self._open:
            return
        self._open = False
        if live:
            try:
                self._update(live, moving=False)
            finally:
                live.stop()
            return
        for line in self._lines(moving=False):
            self._write(render(line, self._color))

    def _size(self) -> tuple[int, int]:
        return self._fixed_size or self._out.size

    def _lines(self, *, moving: bool) -> list[Line]:
        return board(self._progress, self._clock(), self._size(), moving=moving)

    def _update(self, live: Live, *, moving: bool) -> None:
        from rich.console import Group
        from rich.text import Text

        lines = self._lines(moving=moving)
        live.console.size = self._size()
        live.update(Group(*(Text.assemble(*line, no_wrap=True, overflow="crop") for line in lines)), refresh=moving)
