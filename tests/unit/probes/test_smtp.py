"""The smtp probe against hand-made greetings."""

from __future__ import annotations

import socket
import time

import pytest

from devenv.probes import Answer, Probe, attempt

from .conftest import Serve
from .fake_servers import Handler, drain, in_turn, say, say_and_hold, settled


def ask(port: int, timeout: float = 1) -> Answer:
    return attempt(Probe("smtp", 25), "127.0.0.1", port, timeout=timeout)


def greeting(banner: bytes, ehlo: bytes, heard: list[bytes] | None = None, bye: bytes = b"221 bye\r\n") -> Handler:
    talk = in_turn(ehlo, bye, heard=heard)

    def handler(connection: socket.socket) -> None:
        connection.sendall(banner)
        talk(connection)

    return handler


def test_ready(serve: Serve) -> None:
    heard: list[bytes] = []
    port = serve(greeting(b"220 mail ESMTP\r\n", b"250-mail greets devenv\r\n250-SIZE 0\r\n250 HELP\r\n", heard))
    assert ask(port) == Answer(True, "SMTP 250 to EHLO", "250")
    assert settled(heard, 2)[:2] == [b"EHLO devenv\r\n", b"QUIT\r\n"]


@pytest.mark.parametrize("banner", [b"220\r\n", b"220-first\r\n220 last\r\n", b"220 bare\n"])
@pytest.mark.parametrize("ehlo", [b"250\r\n", b"250-\r\n250 \r\n"])
def test_forms_of_a_reply(serve: Serve, banner: bytes, ehlo: bytes) -> None:
    assert ask(serve(greeting(banner, ehlo))).ok


def test_a_server_that_is_busy(serve: Serve) -> None:
    answer = ask(serve(say(b"421 mail too busy\r\n")))
    assert answer == Answer(False, "SMTP 421 as its greeting: mail too busy", "421")


def test_a_server_that_rejects_ehlo(serve: Serve) -> None:
    answer = ask(serve(greeting(b"220 mail\r\n", b"502-no\r\n502 not implemented\r\n")))
    assert answer == Answer(False, "SMTP 502 to EHLO: not implemented", "502")


@pytest.mark.parametrize(
    "banner", [b"hello\r\n", b"22\r\n", b"2200 x\r\n", b"220-a\r\n250 b\r\n", b"\r\n", b"220+a\r\n"]
)
def test_what_is_not_smtp(serve: Serve, banner: bytes) -> None:
    assert ask(serve(say(banner))).code == "protocol"


def test_a_banner_is_waited_for_but_only_until_the_deadline(serve: Serve) -> None:
    assert ask(serve(drain), 0.1).code == "timeout"
    assert ask(serve(say_and_hold(b"220-still\r\n")), 0.1).code == "timeout"


def test_a_server_that_does_not_say_goodbye_is_ready_all_the_same(serve: Serve) -> None:
    start = time.monotonic()
    assert ask(serve(say_and_hold(b"220 a\r\n250 b\r\n")), 5).ok
    assert time.monotonic() - start < 1
