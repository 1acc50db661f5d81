"""HTTP/1.0 over a local socket: one call, one connection, the body until the end; knows nothing of Docker.

http.client needs 25 ms to import (TLS, e-mail headers), more than a whole `status` may take for it. A version 1.0
request keeps the engine from chunking, so a response is its head and then bytes until the connection ends.
"""

from __future__ import annotations

import contextlib
import os
import socket
from typing import IO

_HEAD_LIMIT = 64 * 1024
_CHUNK = 256 * 1024


class Response:
    """An open response: its status, and its body to read."""

    def __init__(self, connection: socket.socket, status: int, begun: bytes) -> None:
        self.status = status
        self._connection = connection
        self._begun = begun

    def read(self, amount: int = -1, /) -> bytes:
        """At most `amount` bytes as they come, nothing at the end; all of them without an amount. Raises OSError."""
        if amount < 0:
            parts = [self._begun]
            self._begun = b""
            while part := self._connection.recv(_CHUNK):
                parts.append(part)
            return b"".join(parts)
        if self._begun:
            part, self._begun = self._begun[:amount], self._begun[amount:]
            return part
        return self._connection.recv(amount) if amount else b""

    def close(self) -> None:
        """Release the connection."""
        self._connection.close()


def request(
    path: str, method: str, target: str, data: bytes | IO[bytes], headers: dict[str, str], timeout: float | None
) -> Response:
    """Call the server behind the socket `path`; `timeout` in seconds bounds every wait for bytes. Raises OSError.

    A file is sent from its beginning. A server that answers before it has read all is heard out.
    """
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(timeout)
        connection.connect(path)
        size = len(data) if isinstance(data, bytes) else data.seek(0, os.SEEK_END)
        lines = [f"{method} {target} HTTP/1.0", "Host: docker", f"Content-Length: {size}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        _send(connection, "\r\n".join([*lines, "", ""]).encode(), data)
        head = b""
        while b"\r\n\r\n" not in head:
            part = connection.recv(_CHUNK)
            if not part or len(head) > _HEAD_LIMIT:
                raise ConnectionError("the connection ended before the answer")
            head += part
        head, _, begun = head.partition(b"\r\n\r\n")
        words = head.split(b"\r\n", 1)[0].split()
        if len(words) < 2 or not words[0].startswith(b"HTTP/") or not words[1].isdigit():
            raise ConnectionError("the answer is not HTTP")
        return Response(connection, int(words[1]), begun)
    except BaseException:
        connection.close()
        raise


def _send(connection: socket.socket, head: bytes, data: bytes | IO[bytes]) -> None:
    if isinstance(data, bytes):
        connection.sendall(head + data)
        return
    connection.sendall(head)
    data.seek(0)
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # its answer says why
        while chunk := data.read(_CHUNK):
            connection.sendall(chunk)
