"""The deadline and the byte limit of one connection."""

from __future__ import annotations

import socket
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devenv.probes.connection import BYTE_LIMIT, Connection, Deadline, NotReadyError

from .conftest import Serve
from .fake_servers import drip, flood, say, say_and_hold

HOST = "127.0.0.1"


def test_reads_are_cut_where_asked(serve: Serve) -> None:
    port = serve(say(b"ab\r\ncdefg"))
    with Connection(HOST, port, Deadline(1)) as connection:
        assert connection.read_until(b"\r\n") == b"ab\r\n"
        assert connection.read_exact(2) == b"cd"
        assert connection.read_some(2) == b"ef"
        assert connection.read_some(9) == b"g"
        assert connection.read_some(9) == b""


def test_an_end_split_over_two_packets_is_found(serve: Serve) -> None:
    def handler(connection: socket.socket) -> None:
        connection.sendall(b"ab\r")
        time.sleep(0.05)
        connection.sendall(b"\nrest")

    with Connection(HOST, serve(handler), Deadline(1)) as connection:
        assert connection.read_until(b"\r\n") == b"ab\r\n"


@pytest.mark.parametrize(
    ("data", "detail"),
    [(b"", "the server closed the connection without an answer"), (b"a", "the server closed the connection in the")],
)
def test_an_early_end_is_closed(data: bytes, detail: str, serve: Serve) -> None:
    with Connection(HOST, serve(say(data)), Deadline(1)) as connection, pytest.raises(NotReadyError) as caught:
        connection.read_exact(2)
    assert caught.value.code == "closed"
    assert caught.value.detail.startswith(detail)


def test_dripping_does_not_prolong_the_deadline(serve: Serve) -> None:
    start = time.monotonic()
    with Connection(HOST, serve(drip(b"a", 0.01)), Deadline(0.2)) as connection, pytest.raises(NotReadyError) as caught:
        connection.read_until(b"z")
    assert 0.2 <= time.monotonic() - start < 0.4
    assert caught.value.code == "timeout"


def test_buffered_bytes_do_not_outlive_the_deadline(serve: Serve) -> None:
    with Connection(HOST, serve(say_and_hold(b"a\nb\n")), Deadline(0.1)) as connection:
        connection.read_until(b"\n")
        time.sleep(0.15)
        with pytest.raises(NotReadyError, match="no answer within"):
            connection.read_until(b"\n")
        with pytest.raises(NotReadyError, match="no answer within"):
            connection.read_exact(1)


def test_sending_to_a_server_that_does_not_read_ends_at_the_deadline(serve: Serve) -> None:
    def handler(connection: socket.socket) -> None:
        time.sleep(2)

    start = time.monotonic()
    with Connection(HOST, serve(handler), Deadline(0.2)) as connection, pytest.raises(NotReadyError) as caught:
        connection.send(bytes(64 * 1024 * 1024))
    assert time.monotonic() - start < 0.5
    assert caught.value.code == "timeout"


def test_no_more_than_the_byte_limit_is_read(serve: Serve) -> None:
    with Connection(HOST, serve(flood(b"a" * 5000)), Deadline(5)) as connection:
        with pytest.raises(NotReadyError, match=f"in the first {BYTE_LIMIT} bytes") as caught:
            connection.read_until(b"z")
        assert caught.value.code == "protocol"
        assert len(connection.read_some(10 * BYTE_LIMIT)) == BYTE_LIMIT
        assert connection.read_some(1) == b""


def test_the_reason_a_server_gave_before_it_closed_is_read(serve: Serve) -> None:
    def handler(connection: socket.socket) -> None:
        connection.sendall(b"-ERR max number of clients reached\r\n")

    with Connection(HOST, serve(handler), Deadline(1)) as connection:
        time.sleep(0.05)
        connection.send(b"PING\r\n")
        time.sleep(0.05)
        connection.send(b"PING\r\n")
        assert connection.read_until(b"\n").startswith(b"-ERR max")


def test_a_socket_connected_to_itself_is_refused(closed_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    class Unlucky(socket.socket):
        """Gets, as a client, the port that it connects to."""

        def connect(self, address: Any) -> None:
            self.bind(address)
            super().connect(address)

    with socket.socket() as finder:
        finder.bind((HOST, 0))
        port = finder.getsockname()[1]
    monkeypatch.setattr(socket, "socket", Unlucky)
    with pytest.raises(NotReadyError) as caught:
        Connection(HOST, port, Deadline(1))
    assert caught.value.code == "refused"


def test_localhost_tries_both_loopback_addresses() -> None:
    if not socket.has_dualstack_ipv6():
        pytest.skip("this machine has no IPv6")
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as listener:
        Connection("localhost", listener.getsockname()[1], Deadline(1)).__exit__()


@given(st.lists(st.integers(0, 40), max_size=20), st.binary(max_size=200))
def test_every_way_to_read_gives_the_same_bytes(sizes: list[int], data: bytes) -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        theirs.sendall(data)
        theirs.shutdown(socket.SHUT_WR)
        connection = Connection.__new__(Connection)
        connection._sock, connection._buffer, connection._room = ours, bytearray(), BYTE_LIMIT
        connection._deadline = Deadline(5)
        with connection:
            read = b""
            for size in sizes:
                take = connection.read_some if size % 2 else connection.read_exact
                if not size or (size % 2 == 0 and size > len(data) - len(read)):
                    continue
                read += take(size)
            while piece := connection.read_some(50):
                read += piece
    assert read == data
