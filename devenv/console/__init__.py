"""What people see: events, errors and tables as text; decides nothing, and imports rich only to draw a live list."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import TextIO

from devenv.console.base import Console
from devenv.console.failure import show_error
from devenv.console.json_lines import JsonLines
from devenv.console.lines import log_line
from devenv.console.plain import PlainConsole, QuietConsole, WatchConsole
from devenv.console.stream import can_animate, wants_color
from devenv.console.table import address_table, status_table

__all__ = [
    "Console",
    "address_table",
    "json_lines",
    "log_line",
    "reporter",
    "show_error",
    "status_table",
    "wants_color",
]


def reporter(
    *,
    stream: TextIO | None = None,
    plain: bool | None = None,
    quiet: bool = False,
    watching: bool = False,
    color: bool | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Console:
    """The console for a stream, stderr if none is given: live before a person, plain elsewhere, unless told."""
    stream = sys.stderr if stream is None else stream
    colored = wants_color(stream, color, environ)
    if quiet:
        return QuietConsole(stream, color=colored)
    if watching:
        return WatchConsole(stream, color=colored)
    if not can_animate(stream, environ) if plain is None else plain:
        return PlainConsole(stream, color=colored)
    from devenv.console.live import LiveConsole

    return LiveConsole(stream, color=colored)


def json_lines() -> JsonLines:
    """A reporter for programs: one JSON object a line on stdout."""
    return JsonLines(sys.stdout)
