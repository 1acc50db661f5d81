"""No server, whatever it sends and however slowly, makes a probe raise, wait, or grow."""

from __future__ import annotations

import socket
import time
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devenv.probes import KINDS, Answer, attempt

from .conftest import Serve
from .fake_servers import FakeServer, drip, flood, say, say_and_hold
from .test_attempt import probe
from .test_postgres import ANSWER, WELCOME

LISTING = b"<?xml version='1.0'?><ListBucketResult></ListBucketResult>"
GOOD = {
    "http": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\nall fine\r\n0\r\n\r\n",
    "tcp": b"x",
    "postgres": WELCOME + ANSWER,
    "redis": b"+OK\r\n+PONG\r\n",
    "s3": b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(LISTING), LISTING),
    "smtp": b"220 mail\r\n250-mail\r\n250 HELP\r\n221 bye\r\n",
}
# The bytes of GOOD from which on the answer is known; http needs no more than the text in its body.
ENOUGH = {
    "http": GOOD["http"].index(b"fine") + 4,
    "postgres": len(GOOD["postgres"]),
    "redis": len(GOOD["redis"]),
    "s3": GOOD["s3"].index(b"></ListBucketResult"),
    "smtp": GOOD["smtp"].index(b"250 HELP"),
}
# Endless answers that stay well-formed for as long as they can.
ENDLESS = {
    "http": b"X-More: and more\r\n",
    "tcp": b"",
    "postgres": b"N\0\0\0\x08more",
    "redis": b"more and more",
    "s3": b"X-More: and more\r\n",
    "smtp": b"220-more\r\n",
}
FIRST = {"http": b"HTTP/1.1 200 OK\r\n", "s3": b"HTTP/1.1 200 OK\r\n"}
# What a machine that is busy may add to a deadline.
SLACK = 0.4


def timed(kind: str, port: int, timeout: float) -> tuple[Answer, float]:
    start = time.monotonic()
    answer = attempt(probe(kind), "127.0.0.1", port, timeout=timeout)
    return answer, time.monotonic() - start


@pytest.fixture(scope="module")
def puppet() -> Iterator[FakeServer]:
    server = FakeServer(say(b""))
    yield server
    server.close()


@pytest.mark.parametrize("kind", KINDS)
def test_the_good_answer_is_good(kind: str, serve: Serve) -> None:
    assert timed(kind, serve(say(GOOD[kind])), 1)[0].ok


@pytest.mark.parametrize("kind", ENOUGH)
def test_any_beginning_of_the_good_answer_is_not_enough(kind: str, puppet: FakeServer) -> None:
    for size in range(ENOUGH[kind]):
        puppet.handler = say(GOOD[kind][:size])
        answer, _ = timed(kind, puppet.port, 1)
        assert not answer.ok, size
    puppet.handler = say(GOOD[kind][: ENOUGH[kind]])
    assert timed(kind, puppet.port, 1)[0].ok


@st.composite
def garbled(draw: st.DrawFn, good: bytes) -> bytes:
    """Give the good answer with some stretches replaced."""
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(good)))
        end = draw(st.integers(start, min(len(good), start + 8)))
        good = good[:start] + draw(st.binary(max_size=12)) + good[end:]
    return good


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data(), hold=st.integers(0, 4))
@settings(deadline=None, max_examples=settings().max_examples * 2)
def test_random_bytes(kind: str, puppet: FakeServer, data: st.DataObject, hold: int) -> None:
    sent = data.draw(st.binary(max_size=300) | garbled(GOOD[kind]))
    puppet.handler = say(sent) if hold else say_and_hold(sent)
    timeout = 1 if hold else 0.06
    answer, seconds = timed(kind, puppet.port, timeout)
    assert seconds < timeout + SLACK
    assert answer.detail
    assert answer.detail.isprintable()
    assert "s3cr3t" not in answer.detail
    assert answer.code or answer.ok
    assert answer.code.isascii()


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "tcp"])
def test_dripping_ends_at_the_deadline(kind: str, serve: Serve) -> None:
    for data in (ENDLESS[kind], FIRST.get(kind, b"") + b"\0\n" * 20):
        answer, seconds = timed(kind, serve(drip(data, 0.005)), 0.2)
        assert not answer.ok
        assert seconds < 0.2 + SLACK
    answer, seconds = timed(kind, serve(say_and_hold(FIRST.get(kind, b""))), 0.2)
    assert (answer.ok, answer.code) == (False, "timeout")
    assert 0.2 <= seconds < 0.2 + SLACK


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "tcp"])
def test_flooding_ends_at_the_byte_limit(kind: str, puppet: FakeServer) -> None:
    flooding = flood(ENDLESS[kind] * 200)

    def handler(connection: socket.socket) -> None:
        connection.sendall(FIRST.get(kind, b""))
        flooding(connection)

    puppet.handler = handler
    timed(kind, puppet.port, 5)
    tracemalloc.start()
    try:
        answer, seconds = timed(kind, puppet.port, 5)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (answer.ok, answer.code) == (False, "protocol")
    assert seconds < 2
    assert peak < 4 * 1024 * 1024
