"""One HTTP/1.1 request over a Connection, for those who need no more; must not judge what the answer means."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from devenv.probes.connection import Connection, NotReadyError

_HEX = frozenset(b"0123456789abcdefABCDEF")
_MAX_DIGITS = 15


class Response:
    """The head of a final answer: its status and its headers, with names in lower case; the last of a name wins."""

    __slots__ = ("headers", "status")

    def __init__(self, status: int, headers: dict[bytes, bytes]) -> None:
        self.status = status
        self.headers = headers


def authority(host: str, port: int) -> str:
    """Return the value of the Host header for an address (RFC 9110 section 7.2); port 80 is left out."""
    name = f"[{host}]" if ":" in host else host
    return name if port == 80 else f"{name}:{port}"


def percent_encoded(text: str, keep: bytes) -> str:
    """Return text as UTF-8 with every byte that is not in keep percent-encoded (RFC 3986 section 2.1)."""
    return "".join(chr(byte) if byte in keep else f"%{byte:02X}" for byte in text.encode("utf-8", "replace"))


def request(
    connection: Connection,
    target: str,
    headers: Iterable[tuple[str, str]],
    *,
    method: str = "GET",
    content: bytes = b"",
) -> Response:
    """Send a request with these headers and Connection: close, and return the head of the final answer.

    target must already be percent-encoded. Raises NotReadyError, with code "protocol" when the answer is not HTTP/1.
    """
    lines = [f"{method} {target} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in headers]
    lines += [] if method == "GET" else [f"Content-Length: {len(content)}"]
    lines += ["User-Agent: devenv", "Accept: */*", "Connection: close", "", ""]
    connection.send("\r\n".join(lines).encode("latin-1", "replace") + content)
    response = _head(connection)
    # RFC 9110 section 15.2: any number of interim answers may precede the final one; 101 would be the last.
    while response.status < 200 and response.status != 101:
        response = _head(connection)
    return response


def body(connection: Connection, response: Response) -> Iterator[bytes]:
    """Yield the body piece by piece, as far as the server and the connection's byte limit let it go.

    Framing after RFC 9112 section 6.3. A body that ends early just ends here; raises NotReadyError like Connection, and
    with code "protocol" for a chunk or a length that is not one.
    """
    if response.status < 200 or response.status in (204, 304):
        return
    if response.headers.get(b"transfer-encoding", b"").lower().endswith(b"chunked"):
        while size := _chunk_size(connection.read_until(b"\n")):
            yield from _pieces(connection, size)
            connection.read_until(b"\n")
        return
    length = response.headers.get(b"content-length")
    if length is not None and not (length.isdigit() and len(length) <= _MAX_DIGITS):
        raise NotReadyError("protocol", "the answer is not HTTP: its Content-Length is not a number")
    yield from _pieces(connection, None if length is None else int(length))


def _head(connection: Connection) -> Response:
    status = _status(_line(connection))
    headers: dict[bytes, bytes] = {}
    while line := _line(connection):
        name, colon, value = line.partition(b":")
        if not colon:
            raise NotReadyError("protocol", "the answer is not HTTP: a header has no colon")
        headers[name.strip().lower()] = value.strip()
    return Response(status, headers)


def _line(connection: Connection) -> bytes:
    # RFC 9112 section 2.2: a recipient may take a bare LF for the end of a line.
    return connection.read_until(b"\n").rstrip(b"\r\n")


def _status(line: bytes) -> int:
    # RFC 9112 section 4: HTTP-version SP status-code SP [reason]; the last SP is often missing in practice.
    version, _, rest = line.partition(b" ")
    code, _, _ = rest.partition(b" ")
    if version not in (b"HTTP/1.1", b"HTTP/1.0") or len(code) != 3 or not code.isdigit() or not b"1" <= code < b"6":
        raise NotReadyError("protocol", "the answer is not HTTP/1")
    return int(code)


def _chunk_size(line: bytes) -> int:
    digits = line.partition(b";")[0].strip()
    if not digits or len(digits) > _MAX_DIGITS or not _HEX.issuperset(digits):
        raise NotReadyError("protocol", "the answer is not HTTP: a chunk has no size")
    return int(digits, 16)


def _pieces(connection: Connection, size: int | None) -> Iterator[bytes]:
    while size is None or size > 0:
        piece = connection.read_some(16 * 1024 if size is None else size)
        if not piece:
            return
        if size is not None:
            size -= len(piece)
        yield piece
