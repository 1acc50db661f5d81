"""The list of services as lines of spans that fit a terminal: values in, values out; must not write anything."""

from __future__ import annotations

from devenv.console.progress import Entry, Progress
from devenv.console.text import Line, Span, cells, clean, duration, fit, pad
from devenv.events import Phase

SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
FRAME = 0.1
"""Seconds that one frame of the spinner stays."""

_GLYPHS: dict[Phase, Span] = {
    Phase.READY: ("✓", "green"),
    Phase.FAILED: ("✗", "red"),
    Phase.STOPPED: ("–", "dim"),
    Phase.REMOVED: ("–", "dim"),
}
_TAIL = 5
_LEAST_TEXT = 8
"""Columns below which the text is worth more than the time beside it."""


def board(progress: Progress, now: float, size: tuple[int, int], *, moving: bool) -> list[Line]:
    """One line per service and, while there is room, the end of what its builder prints; not `moving`, no spinner."""
    # Two columns stay free for the ^C that a terminal echoes: where that wraps, the next frame begins a line too low.
    width, height = size[0] - 2, size[1] - 1
    longest = max((cells(clean(entry.name)) for entry in progress), default=0)
    name_width = max(0, min(longest, width // 2, width - 4))
    building = [entry for entry in progress if entry.phase is Phase.BUILDING]
    tail = max(0, min(_TAIL, (height - len(progress)) // max(1, len(building))))
    lines = []
    for entry in progress:
        lines.append(_line(entry, now, name_width, width, moving=moving))
        if moving and entry.phase is Phase.BUILDING and tail:
            lines += [((fit(f"  │ {clean(text)}", width), "dim"),) for text in list(entry.lines)[-tail:]]
    return lines


def _line(entry: Entry, now: float, name_width: int, width: int, *, moving: bool) -> Line:
    glyph = _GLYPHS.get(entry.phase) or ((SPINNER[int(now / FRAME) % len(SPINNER)], "cyan") if moving else ("·", "dim"))
    name = f" {pad(fit(clean(entry.name), name_width), name_width)}  " if name_width else ""
    room = width - 1 - cells(name)
    seconds = entry.elapsed(now)
    time = "  " + duration(seconds) if seconds is not None else ""
    if room - len(time) < _LEAST_TEXT:
        time = ""
    style = {"✗": "red", "–": "dim"}.get(glyph[0], "")
    text = fit(clean(entry.doing()), room - len(time))
    return (glyph, (name, ""), (text, style), (time, "dim"))
