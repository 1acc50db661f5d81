"""The redis probe against real servers, and against hand-made answers."""

from __future__ import annotations

import pytest

from devenv.probes import Answer, Probe, attempt

from .conftest import Serve
from .fake_servers import in_turn, say, say_and_hold
from .redis_server import PASSWORD, USER_PASSWORD, Redis


def ask(port: int, timeout: float = 1, **params: str) -> Answer:
    return attempt(Probe("redis", 6379, tuple(params.items())), "127.0.0.1", port, timeout=timeout)


READY = Answer(True, "PING answered PONG")


def test_the_right_password(redis_server: Redis) -> None:
    assert ask(redis_server.port, password=PASSWORD) == READY


def test_the_right_user(redis_server: Redis) -> None:
    assert ask(redis_server.port, username="app", password=USER_PASSWORD) == READY
    assert ask(redis_server.port, username="default", password=PASSWORD) == READY


@pytest.mark.parametrize(("user", "password"), [("", "wr0ng"), ("app", PASSWORD), ("nobody", "wr0ng")])
def test_a_wrong_password(redis_server: Redis, user: str, password: str) -> None:
    answer = ask(redis_server.port, username=user, password=password)
    assert answer == Answer(False, "WRONGPASS invalid username-password pair or user is disabled.", "WRONGPASS")


@pytest.mark.parametrize("params", [{}, {"password": ""}])
def test_no_password_where_one_is_wanted(redis_server: Redis, params: dict[str, str]) -> None:
    answer = attempt(Probe("redis", 6379, tuple(params.items())), "127.0.0.1", redis_server.port, timeout=1)
    assert answer == Answer(False, "NOAUTH Authentication required.", "NOAUTH")


def test_a_server_that_loads_its_data(loading_redis_port: int) -> None:
    answer = ask(loading_redis_port, 5)
    assert answer == Answer(False, "LOADING Redis is loading the dataset in memory", "LOADING")


def test_a_password_where_none_is_set(loading_redis_port: int) -> None:
    answer = ask(loading_redis_port, 5, password="unasked")
    assert answer.code == "ERR"
    assert answer.detail.startswith("ERR AUTH <password> called without any password configured")


def test_a_user_needs_a_password() -> None:
    with pytest.raises(ValueError, match="'username' needs a 'password'"):
        ask(1, username="app")


def test_what_is_sent(serve: Serve) -> None:
    heard: list[bytes] = []
    assert ask(serve(in_turn(b"+OK\r\n+PONG\r\n", heard=heard)), username="ü", password="a b").ok
    assert heard[0] == b"*3\r\n$4\r\nAUTH\r\n$2\r\n\xc3\xbc\r\n$3\r\na b\r\n*1\r\n$4\r\nPING\r\n"


@pytest.mark.parametrize(
    ("reply", "code", "detail"),
    [
        (b"-MASTERDOWN Link with MASTER is down\r\n", "MASTERDOWN", "MASTERDOWN Link with MASTER is down"),
        (b"-\r\n", "ERR", "an error without a text"),
        (b"-something odd\r\n", "ERR", "something odd"),
        (b"-" + b"A" * 40 + b"\r\n", "ERR", "A" * 40),
        (b"+OK\r\n", "protocol", "the answer is not the Redis protocol"),
        (b"$4\r\nPONG\r\n", "protocol", "the answer is not the Redis protocol"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "protocol", "the answer is not the Redis protocol"),
        (b"+PONG\n", "closed", "the server closed the connection in the middle of its answer"),
    ],
)
def test_what_is_not_pong(serve: Serve, reply: bytes, code: str, detail: str) -> None:
    assert ask(serve(say(reply))) == Answer(False, detail, code)


def test_pong_without_a_login_is_not_ready(serve: Serve) -> None:
    assert ask(serve(say(b"+PONG\r\n+PONG\r\n")), password="x").code == "protocol"


def test_half_an_answer_is_waited_for_until_the_deadline(serve: Serve) -> None:
    assert ask(serve(say_and_hold(b"+PON")), 0.1) == Answer(False, "no answer within 0.1 s", "timeout")
