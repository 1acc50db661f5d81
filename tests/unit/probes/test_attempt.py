"""What attempt promises for every kind: its errors, its time limit, its secrets, what it imports."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import devenv.probes
from devenv.probes import KINDS, Answer, Probe, attempt
from devenv.probes.model import DETAIL_LIMIT, publishable

from .conftest import Serve
from .fake_servers import hang_up, say

PARAMS: dict[str, tuple[tuple[str, str], ...]] = {
    "http": (("path", "/healthz"), ("contains", "fine")),
    "tcp": (),
    "postgres": (("user", "app"), ("password", "s3cr3t"), ("database", "app")),
    "redis": (("password", "s3cr3t"),),
    "s3": (("bucket", "photos"), ("access_key", "someone"), ("secret_key", "s3cr3t")),
    "smtp": (),
}


def probe(kind: str) -> Probe:
    return Probe(kind, 1234, PARAMS[kind])


def test_every_kind_is_covered_here() -> None:
    assert set(PARAMS) == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_nothing_listening_is_refused(kind: str, host: str, closed_port: int) -> None:
    answer = attempt(probe(kind), host, closed_port, timeout=1)
    if host == "::1" and answer.code == "EADDRNOTAVAIL":
        pytest.skip("this machine has no IPv6 loopback address")
    assert answer == Answer(False, "connection refused", "refused")


@pytest.mark.parametrize("kind", KINDS)
def test_accepting_and_closing_is_not_ready(kind: str, serve: Serve) -> None:
    answer = attempt(probe(kind), "127.0.0.1", serve(hang_up), timeout=1)
    assert (answer.ok, answer.code) == (False, "closed")


@pytest.mark.parametrize("kind", KINDS)
def test_too_short_a_time_is_a_timeout(kind: str, serve: Serve) -> None:
    for timeout in (0.0, -1.0):
        answer = attempt(probe(kind), "127.0.0.1", serve(hang_up), timeout=timeout)
        assert (answer.ok, answer.code) == (False, "timeout")


def test_a_host_name_without_an_address_is_unresolved() -> None:
    answer = attempt(probe("tcp"), "no-such-host.invalid", 80, timeout=5)
    assert answer == Answer(False, "the host name no-such-host.invalid has no address", "unresolved")


@pytest.mark.parametrize("host", ["", "a\0b", "ü" * 300, "not a name", "a..b"])
def test_a_host_that_is_no_name_never_raises(host: str, closed_port: int) -> None:
    assert not attempt(probe("tcp"), host, closed_port, timeout=5).ok


def test_a_slow_name_look_up_is_bound_by_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    def stuck(*_: object, **__: object) -> list[object]:
        time.sleep(1)
        return []

    monkeypatch.setattr("socket.getaddrinfo", stuck)
    start = time.monotonic()
    answer = attempt(probe("tcp"), "db.example", 80, timeout=0.1)
    assert time.monotonic() - start < 0.5
    assert answer == Answer(False, "no answer within 0.1 s", "timeout")


def test_a_looked_up_name_is_connected_to(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    port = serve(say(b"x"))
    entry = (2, 1, 6, "", ("127.0.0.1", port))
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: [entry])
    assert attempt(probe("tcp"), "db.example", port, timeout=1).ok


def test_unknown_kind() -> None:
    with pytest.raises(ValueError, match="unknown probe kind 'ftp'"):
        attempt(Probe("ftp", 21), "127.0.0.1", 21, timeout=1)


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_impossible_port(port: int) -> None:
    with pytest.raises(ValueError, match="outside 1"):
        attempt(probe("tcp"), "127.0.0.1", port, timeout=1)


@pytest.mark.parametrize("kind", KINDS)
def test_unknown_param(kind: str) -> None:
    with pytest.raises(ValueError, match="unknown param 'colour'"):
        attempt(Probe(kind, 1, (*PARAMS[kind], ("colour", "red"))), "127.0.0.1", 1, timeout=1)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if PARAMS[kind]])
def test_repeated_param(kind: str) -> None:
    with pytest.raises(ValueError, match="given twice"):
        attempt(Probe(kind, 1, PARAMS[kind] * 2), "127.0.0.1", 1, timeout=1)


@pytest.mark.parametrize(("kind", "name"), [("postgres", "user"), ("s3", "access_key"), ("s3", "secret_key")])
def test_missing_param(kind: str, name: str) -> None:
    rest = tuple(pair for pair in PARAMS[kind] if pair[0] != name)
    with pytest.raises(ValueError, match=f"'{name}' is missing"):
        attempt(Probe(kind, 1, rest), "127.0.0.1", 1, timeout=1)


@pytest.mark.parametrize("kind", KINDS)
def test_a_probe_survives_json_and_hides_its_secrets_in_repr(kind: str) -> None:
    data = json.loads(json.dumps(asdict(probe(kind))))
    again = Probe(data["kind"], data["port"], tuple((name, value) for name, value in data["params"]))
    assert again == probe(kind)
    assert hash(again) == hash(probe(kind))
    assert "s3cr3t" not in repr(again)


ECHOES = {
    "postgres": b"E\x00\x00\x00\x2fSFATAL\x00C28000\x00Mno role for s3cr3t, s3cr3t\x00\x00",
    "redis": b"-ERR unknown command 'AUTH', with args beginning with: 's3cr3t'\r\n",
    "s3": b"HTTP/1.1 403 No\r\n\r\n<Error><Code>No</Code><Message>key s3cr3t</Message></Error>",
}


@pytest.mark.parametrize("kind", ECHOES)
def test_a_secret_that_the_server_repeats_is_masked(kind: str, serve: Serve) -> None:
    answer = attempt(probe(kind), "127.0.0.1", serve(say(ECHOES[kind])), timeout=1)
    assert not answer.ok
    assert "***" in answer.detail
    assert "s3cr3t" not in answer.detail


@given(st.text(), st.text(), st.text(min_size=4), st.integers(0, 400))
def test_publishable_never_shows_a_secret(before: str, after: str, secret: str, padding: int) -> None:
    detail = f"{before}{'-' * padding}{secret}{after}"
    shown = publishable(Answer(False, detail, "x"), Probe("redis", 1, (("password", secret),)))
    assert "***" in secret or secret not in shown.detail
    assert shown.detail.isprintable()
    assert len(shown.detail) <= DETAIL_LIMIT


def test_the_longer_of_two_secrets_is_masked_whole() -> None:
    asked = Probe("x", 1, (("password", "s3cr3t"), ("secret_key", "s3cr3t-and-more")))
    assert publishable(Answer(False, "s3cr3t-and-more"), asked).detail == "***"


UNWANTED = ("asyncio", "ssl", "http.client", "urllib.parse", "email", "logging", "threading", "xml", "html", "random")


@pytest.mark.parametrize("kind", KINDS)
def test_only_what_a_kind_needs_is_imported(kind: str, closed_port: int) -> None:
    script = f"""
import sys, devenv.probes
before = set(sys.modules)
devenv.probes.attempt(devenv.probes.{probe(kind)!r}, "127.0.0.1", {closed_port}, timeout=1)
print("socket" in before, *sorted(set(sys.modules)))
"""
    environment = {**os.environ, "PYTHONPATH": str(Path(devenv.probes.__file__).parents[2])}
    command = [sys.executable, "-S", "-c", script]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    socket_early, *modules = done.stdout.split()
    assert socket_early == "False"
    assert not set(UNWANTED) & set(modules)
    assert {f"devenv.probes.{other}" for other in KINDS} & set(modules) == {f"devenv.probes.{kind}"}
