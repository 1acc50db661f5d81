"""The answer of `devenv doctor` as text: a mark, a name and a sentence for each thing, on one screen."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Protocol

from devenv.console.text import Line, cells, clean, pad, render

_MARKS = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "error": ("✗", "red")}
_WIDTH = 80


class Said(Protocol):
    """One check, as this needs it."""

    @property
    def group(self) -> str:
        """What it belongs to."""

    @property
    def name(self) -> str:
        """What was looked at."""

    @property
    def state(self) -> str:
        """How it is: ok, warning or error."""

    @property
    def message(self) -> str:
        """That in words."""

    @property
    def details(self) -> tuple[str, ...]:
        """More about it."""

    @property
    def hint(self) -> str:
        """What to do."""


def doctor_text(checks: Sequence[Said], *, color: bool) -> str:
    """All checks, group by group, without a line end."""
    width = max(cells(clean(check.name)) for check in checks)
    lines: list[Line] = []
    for group in dict.fromkeys(check.group for check in checks):
        lines.append(((group, "bold"),))
        for check in checks:
            if check.group == group:
                lines += _lines(check, width)
    return "\n".join(render(line, color) for line in lines)


def _lines(check: Said, width: int) -> list[Line]:
    mark, style = _MARKS[check.state]
    name = pad(clean(check.name), width)
    indent = " " * (width + 6)
    first, *rest = _wrapped(check.message, len(indent))
    lines: list[Line] = [(("  ", ""), (mark, style), (f" {name}  {first}", ""))]
    lines += [((indent + text, ""),) for text in rest]
    for detail in check.details:
        lines += [((indent + text, "dim"),) for text in _wrapped(detail, len(indent))]
    if check.hint:
        lines += [((indent + text, "yellow"),) for text in _wrapped(f"→ {check.hint}", len(indent))]
    return lines


def _wrapped(text: str, indent: int) -> list[str]:
    wrapped = textwrap.wrap(clean(text), _WIDTH - indent, break_long_words=False, break_on_hyphens=False)
    return wrapped or [""]
