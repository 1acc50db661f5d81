"""The other ends that tests give a console: a small terminal, a clock that is set by hand, pipes that break."""

from __future__ import annotations

import io
import re

_TOKEN = re.compile(r"\x1b\[([?0-9;]*)([A-Za-z])|(\r)|(\n)|([^\x1b\r\n]+)")


class Terminal(io.StringIO):
    """Understands what a live list needs: text, line ends, moves up, erased lines, the cursor's visibility, styles.

    Anything else in the stream is an assertion error, and so is text beyond the last column: it would wrap.
    """

    encoding = "utf-8"

    def __init__(self, width: int = 80) -> None:
        super().__init__()
        self.width = width

    def isatty(self) -> bool:
        return True

    def lines(self) -> list[str]:
        """What stands on the screen now."""
        return self._play()[0]

    def cursor_visible(self) -> bool:
        return self._play()[1]

    def _play(self) -> tuple[list[str], bool]:
        rows, row, column, visible, end = [""], 0, 0, True, 0
        text = self.getvalue()
        for match in _TOKEN.finditer(text):
            assert match.start() == end, f"not understood: {text[end : match.start()]!r}"
            end = match.end()
            arguments, command, back, down, written = match.groups()
            if written:
                assert column + len(written) <= self.width, f"wraps at {self.width}: {written!r}"
                rows[row] = rows[row][:column].ljust(column) + written + rows[row][column + len(written) :]
                column += len(written)
            elif back:
                column = 0
            elif down:
                row, column = row + 1, 0
                rows += [""] * (row + 1 - len(rows))
            elif command == "A":
                row -= int(arguments or 1)
                assert row >= 0, "moved above the first line"
            elif command == "K":
                rows[row] = ""
            elif command in "hl":
                assert arguments == "?25", f"not understood: {match[0]!r}"
                visible = command == "h"
            else:
                assert command == "m", f"not understood: {match[0]!r}"
        assert end == len(text), f"not understood: {text[end:]!r}"
        return [line.rstrip() for line in rows], visible


class Clock:
    """Seconds that pass only when a test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += seconds


class Hose(io.StringIO):
    """Fails at each write and flush."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def write(self, text: str) -> int:
        raise self.error

    def flush(self) -> None:
        raise self.error
