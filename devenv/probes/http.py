"""The http probe: ask a path of a web service; must not follow redirects or speak TLS."""

from __future__ import annotations

from devenv.probes.connection import Connection, Deadline
from devenv.probes.http1 import Response, authority, body, percent_encoded, request
from devenv.probes.model import Answer, Probe, settings

DEFAULT_STATUS = "2xx,3xx"
_VISIBLE = bytes(range(0x21, 0x7F))


def ask(probe: Probe, host: str, port: int, deadline: Deadline) -> Answer:
    """Ready when GET path answers with a wanted status, and with the wanted text in its body if one is asked for.

    Params: path (starts with "/", default "/"); status (a comma-separated list of codes such as "204" and classes
    such as "2xx", or "any" for every well-formed answer; default "2xx,3xx"); contains (text that must occur in the
    body, of which no more is looked at than the connection's 64 KiB). The answer's code is the HTTP status.
    """
    given = settings(probe, optional=("path", "status", "contains"))
    path = given.get("path", "/")
    if not path.startswith("/"):
        raise ValueError(f"http probe: the path {path!r} does not start with '/'")
    wanted = _wanted(given.get("status", DEFAULT_STATUS))
    text = given.get("contains", "").encode("utf-8", "replace")
    with Connection(host, port, deadline) as connection:
        response = request(connection, percent_encoded(path, _VISIBLE), [("Host", authority(host, port))])
        code = str(response.status)
        # A query may hold a token.
        detail = f"HTTP {code} from {path.partition('?')[0]}"
        if wanted and not any(code.startswith(prefix) for prefix in wanted):
            return Answer(False, detail, code)
        if text and not _contains(connection, response, text):
            return Answer(False, f"{detail}, but its body does not contain the expected text", code)
    return Answer(True, detail, code)


def _wanted(status: str) -> tuple[str, ...]:
    """Return what a wanted status may begin with; nothing when every status will do."""
    if status == "any":
        return ()
    prefixes = []
    for item in status.split(","):
        prefix = item.strip().lower().removesuffix("xx")
        if not (prefix.isascii() and prefix.isdigit() and len(prefix) in (1, 3) and len(item.strip()) == 3):
            raise ValueError(f"http probe: {item.strip()!r} is neither a status such as 204 nor a class such as 2xx")
        prefixes.append(prefix)
    return tuple(prefixes)


def _contains(connection: Connection, response: Response, text: bytes) -> bool:
    tail = b""
    for piece in body(connection, response):
        tail += piece
        if text in tail:
            return True
        tail = tail[-len(text) :]
    return False
