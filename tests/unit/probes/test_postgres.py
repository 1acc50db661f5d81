"""The postgres probe against real servers, and against what no honest server would say."""

from __future__ import annotations

import socket
import time

import pytest

from devenv.probes import Answer, Probe, attempt

from .conftest import Serve
from .fake_servers import Handler, in_turn, say, settled
from .postgres_server import PASSWORD, Postgres, cold_postgres


def ask(port: int, user: str = "app", password: str | None = PASSWORD, database: str | None = "app") -> Answer:
    given = {"user": user, "password": password, "database": database}
    params = tuple((name, value) for name, value in given.items() if value is not None)
    return attempt(Probe("postgres", 5432, params), "127.0.0.1", port, timeout=5)


@pytest.mark.parametrize("user", ["app", "trusted", "clear", "digested"])
def test_each_way_to_log_in(postgres: Postgres, user: str) -> None:
    assert ask(postgres.port, user) == Answer(True, f"SELECT 1 answered in database app as user {user}")


def test_the_database_defaults_to_the_user(postgres: Postgres) -> None:
    assert ask(postgres.port, database=None).ok


@pytest.mark.parametrize("user", ["app", "clear", "digested", "nobody-of-that-name"])
def test_a_wrong_password_is_28p01(postgres: Postgres, user: str) -> None:
    answer = ask(postgres.port, user, "wr0ng")
    assert answer == Answer(False, f'FATAL: password authentication failed for user "{user}"', "28P01")


@pytest.mark.parametrize("user", ["app", "clear", "digested"])
@pytest.mark.parametrize("password", [None, ""])
def test_a_password_that_is_wanted_and_not_given(postgres: Postgres, user: str, password: str | None) -> None:
    answer = ask(postgres.port, user, password)
    assert answer == Answer(False, "the server asks for a password and the probe has none", "no-password")


def test_a_trusted_user_needs_no_password(postgres: Postgres) -> None:
    assert ask(postgres.port, "trusted", None).ok


def test_a_missing_database_is_3d000(postgres: Postgres) -> None:
    answer = ask(postgres.port, database="nowhere")
    assert answer == Answer(False, 'FATAL: database "nowhere" does not exist', "3D000")


def test_a_database_that_the_user_may_not_enter_is_42501(postgres: Postgres) -> None:
    answer = ask(postgres.port, "outsider")
    assert answer == Answer(False, 'FATAL: permission denied for database "app"', "42501")


def test_a_host_that_may_not_come_in_is_28000(postgres: Postgres) -> None:
    answer = ask(postgres.port, "banned")
    assert answer.code == "28000"
    assert answer.detail.startswith("FATAL: pg_hba.conf rejects connection")


def test_a_changed_password_shows(postgres: Postgres) -> None:
    postgres.set_password("app", "another")
    try:
        assert ask(postgres.port).code == "28P01"
        assert ask(postgres.port, password="another").ok
    finally:
        postgres.set_password("app", PASSWORD)


@pytest.mark.parametrize(
    "password",
    [
        "p\u00e4ssw\u00f6rd",
        "pa\u0308ssword, decomposed",
        "\ufb01 ligature and no-break\u00a0space",
        "soft\u00adhyphen",
        "\u00ad",
        "\u0627\u0031 right to left, then not",
        "\u0627\u0644",
        "\u0221 unassigned in Unicode 3.2",
        "control\u0080",
        "\u2168 roman numeral",
        "\U0001f512",
    ],
)
def test_a_password_beyond_ascii_is_prepared_as_the_server_does(postgres: Postgres, password: str) -> None:
    postgres.set_password("app", password)
    try:
        assert ask(postgres.port, password=password).ok
        assert ask(postgres.port, password=password + "x").code == "28P01"
    finally:
        postgres.set_password("app", PASSWORD)


def test_a_server_that_runs_and_lets_nobody_in_is_57p03(unready_postgres_port: int) -> None:
    answer = ask(unready_postgres_port)
    assert (answer.ok, answer.code) == (False, "57P03")
    assert answer.detail.startswith("FATAL: the database system is ")


def test_a_server_that_starts_goes_from_refused_to_ready() -> None:
    seen: list[Answer] = []
    end = time.monotonic() + 20
    with cold_postgres() as port:
        while time.monotonic() < end and not (seen and seen[-1].ok):
            seen.append(ask(port, "admin", None, "postgres"))
    assert seen[-1].ok
    assert seen[0].code == "refused"
    assert {answer.code for answer in seen[:-1]} <= {"refused", "57P03"}


@pytest.mark.parametrize("name", ["user", "password", "database"])
def test_a_zero_byte_cannot_be_sent(name: str) -> None:
    with pytest.raises(ValueError, match="zero byte"):
        ask(1, **{name: "a\0b"})


def message(kind: bytes, body: bytes = b"") -> bytes:
    return kind + (len(body) + 4).to_bytes(4) + body


def auth(method: int, data: bytes = b"") -> bytes:
    return message(b"R", method.to_bytes(4) + data)


WELCOME = auth(0) + message(b"S", b"a\0b\0") + message(b"Z", b"I")
ROW = message(b"T", b"") + message(b"D", b"\x00\x01\x00\x00\x00\x011") + message(b"C", b"SELECT 1\0")
ANSWER = ROW + message(b"Z", b"I")
SASL = auth(10, b"SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0")


def test_what_is_sent(serve: Serve) -> None:
    heard: list[bytes] = []
    assert ask(serve(in_turn(WELCOME, ANSWER, heard=heard))).ok
    sent = b"user\0app\0database\0app\0application_name\0devenv probe\0\0"
    assert settled(heard, 3) == [(8 + len(sent)).to_bytes(4) + b"\0\3\0\0" + sent, b"Q\0\0\0\rSELECT 1\0", b"X\0\0\0\4"]


@pytest.mark.parametrize(
    ("replies", "detail"),
    [
        ((b"HTTP/1.1 400 Bad Request\r\n\r\n",), "the answer is not the PostgreSQL protocol"),
        ((message(b"R", b"\0\0"),), "the answer is not the PostgreSQL protocol"),
        ((b"R\0\0\0\3",), "the answer is not the PostgreSQL protocol"),
        ((message(b"Z", b"I"),), "the answer is not the PostgreSQL protocol"),
        ((auth(7),), "the server asks for authentication method 7, unknown to the probe"),
        ((auth(10, b"SCRAM-SHA-512\0\0"),), "the server does not offer SCRAM-SHA-256"),
        ((auth(3), auth(5, b"salt")), "authentication message 5 came where 0 was due"),
        ((SASL, auth(0)), "authentication message 0 came where 11 was due"),
        ((WELCOME, message(b"Z", b"I")), "SELECT 1 did not answer 1"),
        ((WELCOME, ANSWER.replace(b"\x011", b"\x012")), "SELECT 1 did not answer 1"),
        ((message(b"E", b"\0"),), "ERROR: an error without a text"),
    ],
)
def test_what_the_protocol_does_not_allow(serve: Serve, replies: tuple[bytes, ...], detail: str) -> None:
    assert ask(serve(in_turn(*replies))) == Answer(False, detail, "protocol")


def test_notices_are_passed_over(serve: Serve) -> None:
    notice = message(b"N", b"SNOTICE\0C00000\0Mhello\0\0")
    assert ask(serve(in_turn(notice + WELCOME, notice + ANSWER))).ok


def test_an_error_in_place_of_the_row(serve: Serve) -> None:
    error = message(b"E", b"SFEHLER\0VERROR\0C57014\0Mcanceling statement\0\0")
    assert ask(serve(in_turn(WELCOME, error))) == Answer(False, "ERROR: canceling statement", "57014")


def impostor(*last: bytes, iterations: int = 4096) -> Handler:
    """Play the server's side of SCRAM without knowing the password."""

    def handler(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(SASL)
        nonce = connection.recv(4096).partition(b",r=")[2]
        connection.sendall(auth(11, b"r=%bserver,s=c2FsdA==,i=%d" % (nonce, iterations)))
        connection.recv(4096)
        connection.sendall(b"".join(last))
        in_turn(ANSWER)(connection)

    return handler


@pytest.mark.parametrize(
    ("last", "detail"),
    [
        ((auth(12, b"v=" + b"A" * 43 + b"="), WELCOME), "the server did not prove that it knows the password"),
        ((auth(12, b"v="), WELCOME), "the server did not prove that it knows the password"),
        ((auth(12, b"e=other-error"), WELCOME), "the server ended the SCRAM exchange out of turn"),
        ((WELCOME,), "authentication message 0 came where 12 was due"),
    ],
)
def test_a_server_that_does_not_know_the_password_is_not_ready(
    serve: Serve, last: tuple[bytes, ...], detail: str
) -> None:
    assert ask(serve(impostor(*last))) == Answer(False, detail, "protocol")


def test_a_server_cannot_make_the_probe_compute_beyond_its_deadline(serve: Serve) -> None:
    start = time.monotonic()
    answer = ask(serve(impostor(WELCOME, iterations=20_000_000)))
    assert time.monotonic() - start < 1
    assert answer.code == "timeout"


def test_truncated_errors_are_only_closed(serve: Serve) -> None:
    assert ask(serve(say(b"E\0\0\0\x40SFATAL\0"))).code == "closed"
