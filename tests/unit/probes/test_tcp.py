"""The tcp probe, the one that knows no protocol."""

from __future__ import annotations

import socket
import time

from devenv.probes import Answer, Probe, attempt
from devenv.probes.tcp import GRACE_SECONDS

from .conftest import Serve
from .fake_servers import drain, hang_up, say_and_hold


def ask(port: int, timeout: float = 1) -> tuple[Answer, float]:
    start = time.monotonic()
    answer = attempt(Probe("tcp", 7), "127.0.0.1", port, timeout=timeout)
    return answer, time.monotonic() - start


def test_a_connection_that_stays_open_is_ready_after_the_grace(serve: Serve) -> None:
    answer, seconds = ask(serve(drain))
    assert answer == Answer(True, "the connection stays open")
    assert seconds >= GRACE_SECONDS


def test_a_byte_is_ready_at_once(serve: Serve) -> None:
    answer, seconds = ask(serve(say_and_hold(b"h")))
    assert answer.ok
    assert seconds < GRACE_SECONDS


def test_accepting_and_closing_is_not_ready(serve: Serve) -> None:
    answer, _ = ask(serve(hang_up))
    assert answer == Answer(False, "the connection was accepted and closed at once", "closed")


def test_accepting_and_closing_a_little_later_is_not_ready(serve: Serve) -> None:
    answer, _ = ask(serve(lambda _: time.sleep(GRACE_SECONDS / 2)))
    assert answer.code == "closed"


def test_a_reset_is_not_ready(serve: Serve) -> None:
    def reset(connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")

    port = serve(reset)
    # Many times: the reset may come before the connection is first looked at, while it is, and after.
    assert {ask(port)[0] for _ in range(300)} == {Answer(False, "the server closed the connection", "closed")}


def test_a_time_shorter_than_the_grace_proves_nothing(serve: Serve) -> None:
    answer, seconds = ask(serve(drain), timeout=GRACE_SECONDS / 2)
    assert answer == Answer(False, "no answer within 0.025 s", "timeout")
    assert seconds < GRACE_SECONDS
