"""A unix socket in front of the engine's that counts API calls and runs a hook at the k-th; changes no byte."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path

Hook = Callable[[int, str], None]
"""Told the number of a call, from 1, and its request line, once the engine has begun to answer it."""

_LENGTH = re.compile(rb"^content-length:\s*(\d+)", re.IGNORECASE | re.MULTILINE)
_CHUNKED = re.compile(rb"^transfer-encoding:.*chunked", re.IGNORECASE | re.MULTILINE)
_UPGRADE = re.compile(rb"^upgrade:", re.IGNORECASE | re.MULTILINE)
_READS_ONLY = re.compile(r"(GET|HEAD) ")


@dataclass
class Proxy:
    """Forwards every connection at `path` to the socket `target`, and counts the requests on all of them.

    With `changes_only` the requests that only read are not counted.
    """

    path: Path
    target: str
    hook: Hook = lambda number, line: None
    changes_only: bool = False
    calls: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _closed: threading.Event = field(default_factory=threading.Event)
    _open: set[socket.socket] = field(default_factory=set)

    def cut(self) -> None:
        """Take no more connections, and end those that are open, as an engine that stops does."""
        self.close()
        self.path.unlink(missing_ok=True)
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    @property
    def url(self) -> str:
        """What DOCKER_HOST is to be."""
        return f"unix://{self.path}"

    def serve(self, listener: socket.socket) -> None:
        """Accept until the listener is closed."""
        while not self._closed.is_set():
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._connect, args=(client,), daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        self._closed.set()

    def _connect(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as engine, contextlib.suppress(OSError):
            self._open |= {client, engine}
            engine.connect(self.target)
            waiting: list[str] = []
            back = threading.Thread(target=self._answers, args=(engine, client, waiting), daemon=True)
            back.start()
            try:
                self._requests(client, engine, waiting)
            finally:
                with contextlib.suppress(OSError):
                    engine.shutdown(socket.SHUT_WR)
            back.join()

    def _answers(self, engine: socket.socket, client: socket.socket, waiting: list[str]) -> None:
        """Bytes from the engine; the first ones after a request say that the engine has dealt with it."""
        with contextlib.suppress(OSError):
            while data := engine.recv(65536):
                while waiting:
                    self._count(waiting.pop(0))
                client.sendall(data)
        with contextlib.suppress(OSError):
            client.shutdown(socket.SHUT_WR)

    def _requests(self, client: socket.socket, engine: socket.socket, waiting: list[str]) -> None:
        with client.makefile("rb") as stream:
            while head := _head(stream):
                waiting.append(head.split(b"\r\n", 1)[0].decode())
                engine.sendall(head)
                if _UPGRADE.search(head):
                    break
                for piece in _body(stream, head):
                    engine.sendall(piece)
            while data := stream.read1(65536):  # after an upgrade: no requests any more, only bytes
                engine.sendall(data)

    def _count(self, line: str) -> None:
        if self.changes_only and _READS_ONLY.match(line):
            return
        with self._lock:
            self.calls.append(line)
            number = len(self.calls)
        self.hook(number, line)


def _head(stream: BufferedReader) -> bytes:
    """A request's head up to its blank line; nothing at the end of the connection."""
    head = b""
    while line := stream.readline():
        head += line
        if line == b"\r\n":
            return head
    return b""


def _body(stream: BufferedReader, head: bytes) -> Iterator[bytes]:
    """The request's body in pieces, as it is on the wire."""
    if match := _LENGTH.search(head):
        left = int(match[1])
        while left and (data := stream.read1(min(left, 65536))):
            left -= len(data)
            yield data
    elif _CHUNKED.search(head):
        while size := stream.readline():
            yield size
            data = stream.read(int(size.split(b";")[0], 16) + 2)
            yield data
            if data == b"\r\n":
                return


@contextlib.contextmanager
def proxy(
    path: Path, target: str, hook: Hook = lambda number, line: None, *, changes_only: bool = False
) -> Iterator[Proxy]:
    """A proxy that serves for the length of the block."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        listener.listen(128)
        made = Proxy(path, target, hook, changes_only)
        threading.Thread(target=made.serve, args=(listener,), daemon=True).start()
        try:
            yield made
        finally:
            made.close()
            path.unlink(missing_ok=True)
