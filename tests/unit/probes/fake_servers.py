"""Small TCP servers in threads that say what a test wants; must not know any protocol."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable

Handler = Callable[[socket.socket], None]

# Long and much enough to show a broken limit, and still an end: a broken limit fails a test instead of hanging it.
SECONDS_OF_DRIPPING = 3.0
BYTES_OF_FLOOD = 16 * 1024 * 1024


class FakeServer:
    """Listens on a free loopback port and gives every connection to the handler, each in a thread of its own."""

    def __init__(self, handler: Handler) -> None:
        self.handler = handler
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Stop listening; connections that are open end with their handlers."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        # A client that gives up is what many of these tests are about.
        with connection, contextlib.suppress(OSError):
            self.handler(connection)


def drain(connection: socket.socket) -> None:
    """Read until the client closes."""
    while connection.recv(65536):
        pass


def say(data: bytes) -> Handler:
    """Send data, then end the stream; the client's bytes are read, so that no reset overtakes data."""

    def handler(connection: socket.socket) -> None:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        drain(connection)

    return handler


def say_and_hold(data: bytes) -> Handler:
    """Send data and leave the connection open until the client closes."""

    def handler(connection: socket.socket) -> None:
        connection.sendall(data)
        drain(connection)

    return handler


def drip(data: bytes, every: float) -> Handler:
    """Send data over and over, one byte at a time, for SECONDS_OF_DRIPPING."""

    def handler(connection: socket.socket) -> None:
        end = time.monotonic() + SECONDS_OF_DRIPPING
        while time.monotonic() < end:
            for byte in data:
                connection.sendall(bytes([byte]))
                time.sleep(every)

    return handler


def flood(data: bytes) -> Handler:
    """Send data over and over, as fast as the client takes it, BYTES_OF_FLOOD in all."""

    def handler(connection: socket.socket) -> None:
        for _ in range(BYTES_OF_FLOOD // len(data)):
            connection.sendall(data)

    return handler


def in_turn(*replies: bytes, heard: list[bytes] | None = None) -> Handler:
    """Send each reply after having received something; keep what was received in heard."""

    def handler(connection: socket.socket) -> None:
        for reply in replies:
            received = connection.recv(65536)
            if heard is not None:
                heard.append(received)
            connection.sendall(reply)
        rest = connection.recv(65536)
        if heard is not None:
            heard.append(rest)

    return handler


def settled(heard: list[bytes], count: int) -> list[bytes]:
    """Return what in_turn heard, once it is count messages: the client may be done before the server has read."""
    end = time.monotonic() + 5
    while len(heard) < count and time.monotonic() < end:
        time.sleep(0.005)
    return heard


def hang_up(connection: socket.socket) -> None:
    """Close at once, as a port proxy with nothing behind it does."""
