"""One TCP exchange under one deadline and one byte limit; must not know any protocol or retry anything."""

from __future__ import annotations

import errno
import socket
import time

BYTE_LIMIT = 64 * 1024
_RECV_SIZE = 16 * 1024

_SocketAddress = tuple[str, int] | tuple[str, int, int, int]


class NotReadyError(Exception):
    """Ends an attempt with an answer that is not ok; code and detail mean what they mean in Answer."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


class Deadline:
    """The one moment at which an attempt must be over, whatever its steps."""

    __slots__ = ("_end", "seconds")

    def __init__(self, seconds: float) -> None:
        """Start the clock: the attempt has this many seconds from now."""
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Return the seconds left, always more than 0; raises NotReadyError("timeout") when there are none."""
        left = self._end - time.monotonic()
        if left > 0:
            return left
        raise self.missed()

    def missed(self) -> NotReadyError:
        """Return the failure that says that the deadline passed."""
        return NotReadyError("timeout", f"no answer within {self.seconds:g} s")


class Connection:
    """A TCP connection whose every step ends by the deadline and which reads BYTE_LIMIT bytes at most.

    Its methods raise NotReadyError and nothing else for what the network or the server does. Use it in a with
    statement.
    """

    __slots__ = ("_buffer", "_deadline", "_room", "_sock")

    def __init__(self, host: str, port: int, deadline: Deadline) -> None:
        """Connect to host (an address or a name) and port; raises NotReadyError when that does not work in time."""
        self._deadline = deadline
        self._buffer = bytearray()
        self._room = BYTE_LIMIT
        self._sock = _connected(host, port, deadline)

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self._sock.close()

    def send(self, data: bytes) -> None:
        """Send all of data.

        A connection that the server has already closed is not reported here but by the next read: a server that
        turns a client away may have said why before it closed, and those bytes are still there to be read.
        """
        self._sock.settimeout(self._deadline.left())
        try:
            self._sock.sendall(data)
        except TimeoutError:
            raise self._deadline.missed() from None
        except (BrokenPipeError, ConnectionResetError):
            return
        except OSError as error:
            raise _failure(error) from None

    def read_exact(self, size: int) -> bytes:
        """Return exactly size bytes."""
        self._deadline.left()
        while len(self._buffer) < size:
            self._receive_more()
        return self._take(size)

    def read_until(self, end: bytes) -> bytes:
        """Return the bytes up to and including the first occurrence of end."""
        self._deadline.left()
        start = 0
        while (at := self._buffer.find(end, start)) < 0:
            start = max(0, len(self._buffer) - len(end) + 1)
            self._receive_more()
        return self._take(at + len(end))

    def read_some(self, size: int) -> bytes:
        """Return at least one and at most size bytes; nothing at the end of the stream or of the byte limit."""
        self._deadline.left()
        if not self._buffer and self._room:
            self._receive()
        return self._take(min(size, len(self._buffer)))

    def stay_open(self, seconds: float) -> None:
        """Return when a byte has come or the server has kept the connection open for so many seconds."""
        left = self._deadline.left()
        self._sock.settimeout(min(seconds, left))
        try:
            data = self._sock.recv(1)
        except TimeoutError:
            if seconds > left:
                raise self._deadline.missed() from None
            return
        except OSError as error:
            raise _failure(error) from None
        if not data:
            raise NotReadyError("closed", "the connection was accepted and closed at once")

    def drain(self, seconds: float) -> None:
        """Drop what still comes until the server closes the connection, or for so many seconds."""
        end = time.monotonic() + min(seconds, self._deadline.left())
        try:
            while (left := end - time.monotonic()) > 0:
                self._sock.settimeout(left)
                if not self._sock.recv(_RECV_SIZE):
                    return
        except OSError:  # a time-out is one too; whatever it was, the answer was there before
            return

    def _take(self, size: int) -> bytes:
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken

    def _receive_more(self) -> None:
        if not self._room:
            raise NotReadyError("protocol", f"no complete answer in the first {BYTE_LIMIT} bytes")
        if not self._receive():
            begun = self._room < BYTE_LIMIT
            when = "in the middle of its answer" if begun else "without an answer"
            raise NotReadyError("closed", f"the server closed the connection {when}")

    def _receive(self) -> bool:
        self._sock.settimeout(self._deadline.left())
        try:
            data = self._sock.recv(min(self._room, _RECV_SIZE))
        except TimeoutError:
            raise self._deadline.missed() from None
        except OSError as error:
            raise _failure(error) from None
        self._buffer += data
        self._room -= len(data)
        return bool(data)


def _failure(error: OSError) -> NotReadyError:
    if isinstance(error, ConnectionRefusedError):
        return NotReadyError("refused", "connection refused")
    # A server that resets at once may be gone before the socket is asked for its peer: ENOTCONN, a plain OSError.
    if isinstance(error, ConnectionError) or error.errno == errno.ENOTCONN:
        return NotReadyError("closed", "the server closed the connection")
    code = errno.errorcode.get(error.errno or 0, "error")
    return NotReadyError(code, f"the connection failed: {error.strerror or code}")


def _connected(host: str, port: int, deadline: Deadline) -> socket.socket:
    failure = NotReadyError("unresolved", f"the host name {host} has no address")
    for family, address in _addresses(host, port, deadline):
        left = deadline.left()
        try:
            sock = socket.socket(family, socket.SOCK_STREAM)
        except OSError as error:
            failure = _failure(error)
            continue
        try:
            sock.settimeout(left)
            sock.connect(address)
            if sock.getsockname() != sock.getpeername():
                return sock
            # Linux may give a client the very port that it connects to, when that is an ephemeral one and nothing
            # listens there; TCP's simultaneous open (RFC 9293 section 3.5) then connects the socket to itself.
            failure = NotReadyError("refused", "connection refused")
        except TimeoutError:
            failure = deadline.missed()
        except OSError as error:
            failure = _failure(error)
        sock.close()
    raise failure


def _addresses(host: str, port: int, deadline: Deadline) -> list[tuple[int, _SocketAddress]]:
    # RFC 6761 section 6.3: localhost is always the loopback interface, there is nothing to look up.
    if host == "localhost":
        return [(socket.AF_INET, ("127.0.0.1", port)), (socket.AF_INET6, ("::1", port))]
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, host)
        except (OSError, ValueError):
            continue
        return [(family, (host, port))]
    return _looked_up(host, port, deadline)


def _looked_up(host: str, port: int, deadline: Deadline) -> list[tuple[int, _SocketAddress]]:
    # getaddrinfo takes no timeout, so it gets a thread of its own, which is left behind when it is too slow.
    import threading

    found: list[tuple[int, _SocketAddress]] = []

    def look_up() -> None:
        try:
            entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, ValueError):
            return
        # A Python without IPv6 answers (int, bytes) for such an address, which connect could not take.
        found.extend((entry[0], entry[4]) for entry in entries if isinstance(entry[4][0], str))

    worker = threading.Thread(target=look_up, daemon=True)
    worker.start()
    worker.join(deadline.left())
    if worker.is_alive():
        raise deadline.missed()
    return found
