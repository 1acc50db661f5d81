"""Events as lines, for logs, pipes and CI; must not move a cursor, and never says the same thing twice."""

from __future__ import annotations

from devenv.console.base import Console
from devenv.console.lines import log_line, notice_line, phase_line, reloaded_lines
from devenv.console.text import cells, clean
from devenv.events import Event, LogLine, Notice, Reloaded, ServicePhase


class PlainConsole(Console):
    """A line for each phase that a service enters, each notice, and each line of a builder."""

    _name_width = 0

    def _show(self, event: Event) -> None:
        now = self._clock()
        if isinstance(event, Notice):
            self._write(notice_line(event, self._color))
            return
        if isinstance(event, Reloaded):
            self._write("\n".join(reloaded_lines(event, self._color)))
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
        elif isinstance(event, Reloaded):
            if event.action == "failed":
                self._write("\n".join(reloaded_lines(event, self._color)))
        elif event.level == "warning":
            self._write(notice_line(event, self._color))


class WatchConsole(PlainConsole):
    """As plain, without what builders print: where that counts, it is in what has failed."""

    def _show(self, event: Event) -> None:
        if not isinstance(event, LogLine):
            super()._show(event)
