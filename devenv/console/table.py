"""Services as tables for stdout: aligned, greppable, no password in them; must not ask anybody for a state."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from devenv.console.text import Line, Span, cells, clean, pad, render

if TYPE_CHECKING:
    from devenv.engines import Address, ServiceStatus

STATES = {
    "ready": "green",
    "starting": "yellow",
    "unhealthy": "red",
    "exited": "red",
    "stopped": "dim",
    "missing": "dim",
}
"""The states' styles, by the words of `devenv.engines`."""

# A number up to the path is a port; else, where no `@` ends the authority, the last `@` does: rather hide too much.
_PASSWORD = re.compile(r"(://[^/?#@:\[]*:)(?!\d+(?:[/?#]|$))(?:[^/?#]*|.*)@")
_PRIVATE_PARAMETER = re.compile(r"([?&][^=&#]*(?:password|secret|token)[^=&#]*=)[^&#]+", re.IGNORECASE)


def address_table(statuses: Sequence[ServiceStatus], *, color: bool = False) -> str:
    """Service, state and addresses, one row for each address; without a line end."""
    rows: list[Line] = [_header("SERVICE", "STATE", "ADDRESS")]
    for status in statuses:
        rows += _rows(((clean(status.name), ""), _state(status)), _places(status))
    return _table(rows, color) + _providers(statuses, color)


def status_table(statuses: Sequence[ServiceStatus], *, now: float | None = None, color: bool = False) -> str:
    """As `address_table`, with each service's role and for how long; `now` is in seconds since the epoch."""
    now = time.time() if now is None else now
    rows: list[Line] = [_header("SERVICE", "ROLE", "STATE", "SINCE", "ADDRESS")]
    for status in statuses:
        first = ((clean(status.name), ""), (clean(status.role), ""), _state(status), (age(status.since, now), ""))
        rows += _rows(first, _places(status))
    return _table(rows, color) + _providers(statuses, color)


def mask(url: str) -> str:
    """The URL with its password, and every parameter that is named like one, replaced by an ellipsis."""
    return _PRIVATE_PARAMETER.sub(r"\1…", _PASSWORD.sub(r"\1…@", url))


def age(since: str | None, now: float) -> str:
    """For how long, in the largest unit that fits; empty where it is not known."""
    # Imported here because only `status` asks.
    from datetime import UTC, datetime

    try:
        begun = datetime.fromisoformat(since or "")
    except ValueError:
        return ""
    if begun.year < 1970:  # the engine's way to say never
        return ""
    begun = begun if begun.tzinfo else begun.replace(tzinfo=UTC)
    seconds = max(0, int(now - begun.timestamp()))
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def _providers(statuses: Sequence[ServiceStatus], color: bool) -> str:
    """A second table where no images serve: what does, and below it how that differs; it fits where a table does."""
    rows: list[Line] = [_header("SERVICE", "SERVED BY")]
    for status in statuses:
        if status.role == "sidecar" and (status.provider or status.differs):
            rows.append(((clean(status.name), ""), (clean(status.provider or "nothing"), "")))
            rows += [(("", ""), (clean(text), "yellow")) for text in status.differs]
    return f"\n\n{_table(rows, color)}" if len(rows) > 1 else ""


def _header(*words: str) -> Line:
    return tuple((word, "dim") for word in words)


def _state(status: ServiceStatus) -> Span:
    return clean(status.state), STATES.get(status.state, "")


def _places(status: ServiceStatus) -> list[str]:
    """Where it answers; while it does not, why."""
    if status.reason and status.state != "ready":
        return [clean(status.reason)]
    several = len(status.addresses) > 1
    return [clean(_place(address, several)) for address in status.addresses] or [""]


def _place(address: Address, several: bool) -> str:
    if address.url:
        return mask(address.url)
    host = f"[{address.host}]" if ":" in address.host else address.host
    return f"{host}:{address.port}" + (f" ({address.name})" if several and address.name else "")


def _rows(first: Line, places: list[str]) -> list[Line]:
    blank = tuple(("", "") for _ in first)
    return [((*(blank if number else first), (place, ""))) for number, place in enumerate(places)]


def _table(rows: list[Line], color: bool) -> str:
    widths = [max(cells(row[column][0]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(render(_padded(row, widths), color) for row in rows)


def _padded(row: Line, widths: list[int]) -> Line:
    """The row with unstyled spaces between its columns, so that none stay at its end."""
    spans: list[Span] = []
    for (text, style), width in zip(row, widths, strict=True):
        spans += [(text, style), (pad(text, width)[len(text) :] + "  ", "")]
    return tuple(spans)
