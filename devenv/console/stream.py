"""The stream that people look at, and what it can show; must never raise, whatever becomes of the other end."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TextIO

_DUMB = ("dumb", "unknown")


class Out:
    """A text stream whose failures nobody hears of: a closed pipe ends the output, not the work."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write the text if it can be written; what the encoding lacks becomes a question mark."""
        with self._quietly():
            try:
                self._stream.write(text)
            except UnicodeEncodeError:
                self._stream.write(text.encode(self.encoding, "replace").decode(self.encoding))
        return len(text)

    def flush(self) -> None:
        """Flush if there is somebody to read."""
        with self._quietly():
            self._stream.flush()

    def fileno(self) -> int:
        """The descriptor below it. Raises `OSError` where there is none."""
        return self._stream.fileno()

    @property
    def encoding(self) -> str:
        """The encoding of the stream."""
        return self._stream.encoding or "utf-8"

    @property
    def size(self) -> tuple[int, int]:
        """Columns and lines of the terminal; 80 × 24 where it has none."""
        with suppress(OSError, ValueError):
            columns, lines = os.get_terminal_size(self.fileno())
            if columns and lines:
                return columns, lines
        return 80, 24

    @contextmanager
    def _quietly(self) -> Iterator[None]:
        with suppress(OSError, ValueError):
            try:
                yield
            except BrokenPipeError:
                # What the stream still holds must go somewhere: else Python fails at its own exit, with code 120.
                null = os.open(os.devnull, os.O_WRONLY)
                with suppress(OSError, ValueError):
                    os.dup2(null, self.fileno())
                os.close(null)


def is_terminal(stream: TextIO) -> bool:
    """Whether the stream leads to a terminal; a closed one does not."""
    try:
        return stream.isatty()
    except ValueError:
        return False


def wants_color(stream: TextIO, color: bool | None = None, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether to write colours: as told, else as NO_COLOR or FORCE_COLOR say, else on a terminal that can."""
    if color is not None:
        return color
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return is_terminal(stream) and environ.get("TERM") not in _DUMB


def can_animate(stream: TextIO, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether lines may be drawn again and again: a capable UTF-8 terminal with a person before it, not a CI log."""
    if environ.get("CI", "false").lower() not in ("", "0", "false"):
        return False
    utf8 = (stream.encoding or "").lower().replace("-", "") == "utf8"
    return is_terminal(stream) and utf8 and environ.get("TERM") not in _DUMB
