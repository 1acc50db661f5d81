"""One event as one line of text; must not decide when a line is shown."""

from __future__ import annotations

from devenv.console.progress import Entry
from devenv.console.text import clean, duration, pad, paint
from devenv.events import Notice, Phase, Reloaded

# Without red, which means failure everywhere else.
_NAMES = (
    "cyan",
    "magenta",
    "blue",
    "yellow",
    "green",
    "bright_cyan",
    "bright_magenta",
    "bright_blue",
    "bright_yellow",
    "bright_green",
)
_PHASES = {Phase.READY: "green", Phase.FAILED: "red"}


def log_line(service: str, text: str, width: int, color: bool) -> str:
    """A service's line behind its name, which is padded to `width` columns and always has the same colour."""
    style = _NAMES[sum(service.encode(errors="replace")) % len(_NAMES)]
    return f"{paint(pad(clean(service), width) + ' |', style, color)} {clean(text)}".rstrip()


def notice_line(notice: Notice, color: bool) -> str:
    """A notice behind its level."""
    if notice.level == "warning":
        return f"{paint('warning:', 'bold yellow', color)} {paint(clean(notice.message), 'yellow', color)}"
    return f"{paint('note:', 'bold', color)} {clean(notice.message)}"


def phase_line(entry: Entry, now: float, width: int, color: bool) -> str:
    """What a service does now; if it is ready, after how long."""
    seconds = entry.elapsed(now)
    after = f" after {duration(seconds)}" if entry.phase is Phase.READY and seconds is not None else ""
    doing = paint(clean(entry.doing(after)), _PHASES.get(entry.phase, ""), color)
    return f"{pad(clean(entry.name), width)}  {doing}"


def reloaded_lines(event: Reloaded, color: bool) -> list[str]:
    """What changed, what was done about it and how fast, by which rule; below that what somebody else printed."""
    failed = event.action == "failed"
    done = paint(event.action, "bold red" if failed else "green", color)
    took = f" in {_took(event.seconds)}" if event.seconds is not None and not failed else ""
    more = "; ".join(filter(None, (event.detail, event.rule)))
    who = f"{paint(clean(', '.join(event.services)), 'bold', color)}: " if event.services else ""
    head = f"{who}{clean(event.changed)} {done}{took}"
    lines = [head + (f" {paint('(' + clean(more) + ')', 'dim', color)}" if more else "")]
    return lines + [f"  {paint('│', 'dim', color)} {clean(line)}".rstrip() for line in event.lines]


def _took(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 0.9995 else duration(seconds)
