"""What containers wrote: the engine's multiplexed stream as lines without terminal escapes; formats nothing."""

from __future__ import annotations

from collections.abc import Iterator

from devenv.engines.compose.api import Api
from devenv.engines.compose.http import Response
from devenv.engines.escapes import clean

_HEADER = 8
_LONGEST = 64 * 1024


def tail(api: Api, container: str, *, lines: int, this_run: bool = False) -> list[str]:
    """The last lines of a container, of its present run only with `this_run`."""
    inspected = api.get(f"/containers/{container}/json")
    since = _seconds(inspected["State"]["StartedAt"]) if this_run else "0"
    path = f"/containers/{container}/logs"
    with api.stream("GET", path, timeout=30.0, stdout=1, stderr=1, tail=str(lines), since=since) as response:
        return list(_lines(response, multiplexed=not inspected["Config"]["Tty"]))


def follow(api: Api, container: str, *, lines: str, stay: bool, this_run: bool = False) -> Iterator[str]:
    """The last lines (`all` or a number), then with `stay` every new one until the container ends.

    With `this_run` nothing that it wrote before it was started last.
    """
    inspected = api.get(f"/containers/{container}/json")
    since = _seconds(inspected["State"]["StartedAt"]) if this_run else "0"
    path = f"/containers/{container}/logs"
    with api.stream("GET", path, stdout=1, stderr=1, tail=lines, follow=int(stay), since=since) as response:
        yield from _lines(response, multiplexed=not inspected["Config"]["Tty"])


def payload(response: Response, *, multiplexed: bool) -> Iterator[tuple[int, bytes]]:
    """The stream's pieces as (1 for stdout or 2 for stderr, bytes): Engine API, "Stream format" of attach."""
    while not multiplexed:
        chunk = response.read(4096)
        if not chunk:
            return
        yield 1, chunk
    while header := _exactly(response, _HEADER):
        size = int.from_bytes(header[4:8], "big")
        yield header[0], _exactly(response, size)


def _exactly(response: Response, size: int) -> bytes:
    result = b""
    while len(result) < size:
        chunk = response.read(size - len(result))
        if not chunk:
            return b"" if len(result) < size else result
        result += chunk
    return result


def _lines(response: Response, *, multiplexed: bool) -> Iterator[str]:
    open_lines: dict[int, bytes] = {}
    for stream, data in payload(response, multiplexed=multiplexed):
        *complete, rest = (open_lines.get(stream, b"") + data).split(b"\n")
        if len(rest) > _LONGEST:
            complete, rest = [*complete, rest], b""
        open_lines[stream] = rest
        for line in complete:
            yield clean(line.decode(errors="replace").rstrip("\r"))
    for rest in open_lines.values():
        if rest:
            yield clean(rest.decode(errors="replace"))


def _seconds(started: str) -> str:
    """An engine's timestamp as the logs call wants it: seconds and nanoseconds since the epoch."""
    from datetime import datetime

    whole, _, fraction = started.rstrip("Z").partition(".")
    return f"{int(datetime.fromisoformat(whole + '+00:00').timestamp())}.{(fraction or '0')[:9]}"
