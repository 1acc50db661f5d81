"""From `up` to `destroy`: what a user of the command line can rely on, whatever makes the stack run."""

from __future__ import annotations

import socket
from datetime import datetime
from pathlib import Path

import psycopg
import pytest
import redis

from tests.contract.conftest import Make, Subject
from tests.e2e.clients import execute, redis_at, rows
from tests.native.machine import until
from tests.testbed.containers import wait_for

MANIFEST = '[sidecars]\npostgres = "17"\nredis = {}\n'
REDIS = "[sidecars]\nredis = {}\n"
READY = {"postgres": "ready", "redis": "ready"}


def since(subject: Subject) -> dict[str, datetime]:
    """Since when each service runs."""
    return {name: datetime.fromisoformat(service["since"]) for name, service in subject.services().items()}


def fill(subject: Subject) -> None:
    """Leave something in both."""
    execute(subject.env(), "create table kept (n int)", "insert into kept values (4711)")
    with redis_at(subject.env()) as client:
        client.set("kept", "4711")


def filled(subject: Subject) -> bool:
    """Whether it is there still."""
    with redis_at(subject.env()) as client:
        return rows(subject.env(), "select n from kept") == [(4711,)] and client.get("kept") == "4711"


def lets_in(env: dict[str, str]) -> bool:
    """Whether our own servers answer. Another project may have their ports by now; it has other passwords."""
    with redis_at(env) as client:
        try:
            return client.ping()
        except redis.RedisError:
            pass
    try:
        return bool(rows(env, "select 1"))
    except psycopg.OperationalError:
        return False


def test_up_returns_when_real_clients_are_answered_at_the_addresses(make: Make) -> None:
    subject = make(MANIFEST)
    answer = subject("up", "-d", "--json").json()
    assert {service["name"]: service["state"] for service in answer["services"]} == READY
    assert rows(subject.env(), "select 1") == [(1,)]
    with redis_at(subject.env()) as client:
        assert client.ping()
    assert subject.states() == READY
    for service in subject.services().values():
        assert service["role"] == "sidecar"
        assert service["addresses"]
        assert {address["host"] for address in service["addresses"]} == {"127.0.0.1"}


def test_before_the_first_up_and_after_down_nothing_is_there(make: Make) -> None:
    subject = make(MANIFEST)
    assert subject.states() == {"postgres": "missing", "redis": "missing"}
    subject("up", "-d")
    env = subject.env()
    assert lets_in(env)
    subject("down")
    assert subject.states() == {"postgres": "missing", "redis": "missing"}
    assert not lets_in(env)
    subject("down")


def test_nothing_can_be_had_without_the_password(make: Make) -> None:
    subject = make(MANIFEST)
    subject("up", "-d")
    env = subject.env()
    with pytest.raises(psycopg.OperationalError):
        rows({"DATABASE_URL": env["DATABASE_URL"].replace(env["PGPASSWORD"], "wrong")}, "select 1")
    with (
        redis.Redis(env["REDIS_HOST"], int(env["REDIS_PORT"]), socket_timeout=5) as client,
        pytest.raises(redis.AuthenticationError),
    ):
        client.ping()


def test_a_second_up_leaves_everything_running_as_it_is(make: Make) -> None:
    subject = make(MANIFEST)
    subject("up", "-d")
    before = since(subject)
    subject("up", "-d")
    assert since(subject) == before


def test_only_what_changed_is_started_anew(make: Make) -> None:
    subject = make(MANIFEST)
    subject("up", "-d")
    fill(subject)
    before = since(subject)
    (subject.root / "devenv.toml").write_text(MANIFEST.replace("redis = {}", 'redis = { memory = "64mb" }'))
    subject("up", "-d")
    after = since(subject)
    assert after["postgres"] == before["postgres"]
    assert after["redis"] > before["redis"]
    with redis_at(subject.env()) as client:
        assert client.config_get("maxmemory") == {"maxmemory": str(64 * 1024 * 1024)}
    assert filled(subject)


def test_restart_starts_again_what_is_named_and_keeps_its_data(make: Make) -> None:
    subject = make(MANIFEST)
    subject("up", "-d")
    fill(subject)
    before = since(subject)
    subject("restart", "redis")
    after = since(subject)
    assert after["redis"] > before["redis"]
    assert after["postgres"] == before["postgres"]
    assert filled(subject)


def test_down_keeps_data_and_addresses(make: Make) -> None:
    subject = make(MANIFEST)
    subject("up", "-d")
    fill(subject)
    before = subject.env()
    subject("down")
    subject("up", "-d")
    assert subject.env() == before
    assert filled(subject)


def test_destroy_asks_saves_and_removes(make: Make) -> None:
    subject = make(MANIFEST)
    subject("up", "-d")
    fill(subject)
    subject("destroy", code=2)
    assert filled(subject)
    (dump,) = subject("destroy", "--yes", "--json").json()["dumps"]
    assert "4711" in Path(dump).read_text()
    assert subject.states() == {"postgres": "missing", "redis": "missing"}
    subject("up", "-d")
    with pytest.raises(psycopg.errors.UndefinedTable):
        filled(subject)


def test_a_service_that_ended_is_seen_and_brought_back(make: Make) -> None:
    subject = make(MANIFEST)
    subject("up", "-d")
    fill(subject)
    with redis_at(subject.env()) as client:
        client.shutdown(save=True)
    wait_for(lambda: subject.states()["redis"] in ("stopped", "exited"))
    assert subject.states()["postgres"] == "ready"
    subject("up", "-d")
    assert subject.states() == READY
    assert filled(subject)


def test_logs_are_lines_with_the_name_of_their_service(make: Make) -> None:
    subject = make(MANIFEST)
    subject("up", "-d")
    assert "ready to accept connections" in subject("logs", "postgres").out
    lines = subject("logs").out.splitlines()
    assert {line.split()[0] for line in lines} == {"postgres", "redis"}


def test_exec_runs_beside_the_service_and_passes_the_exit_code_through(make: Make) -> None:
    subject = make(REDIS)
    subject("up", "-d")
    assert subject("exec", "redis", "--", "sh", "-c", "cat; exit 3", stdin="through", code=3).out == "through"


def test_connect_is_logged_in(make: Make) -> None:
    subject = make(MANIFEST)
    subject("up", "-d")
    assert subject("connect", "postgres", "--", "-Atc", "select 6 * 7").out.strip() == "42"
    assert subject("connect", "redis", stdin="set a b\nget a\n").out.split() == ["OK", "b"]


def test_two_projects_of_one_name_run_side_by_side(make: Make) -> None:
    one, other = make(REDIS, "one/shop"), make(REDIS, "other/shop")
    for subject in (one, other):
        subject("up", "-d")
    assert one.env()["REDIS_URL"] != other.env()["REDIS_URL"]
    with redis_at(one.env()) as client:
        client.set("mark", "one")
    with redis_at(other.env()) as client:
        assert client.get("mark") is None
    one("destroy", "--yes")
    assert other.states() == {"redis": "ready"}


def test_a_port_that_is_taken_moves_and_stays_moved(make: Make) -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        subject = make(f'[sidecars.redis]\nports = ["{port}:6379"]\n')
        assert str(port) in subject("up", "-d").err
        moved = subject.env()["REDIS_PORT"]
        assert moved != str(port)
        with redis_at(subject.env()) as client:
            assert client.ping()
    subject("down")
    subject("up", "-d")
    assert subject.env()["REDIS_PORT"] == moved


def test_what_the_manifest_asks_of_postgres_is_there(make: Make) -> None:
    manifest = '[sidecars.postgres]\ndatabases = ["shop", "reports"]\nextensions = ["pg_trgm"]\nuser = "ada"\n'
    subject = make(manifest)
    subject("up", "-d")
    env = subject.env()
    assert (env["PGUSER"], env["PGDATABASE"]) == ("ada", "shop")
    for database in ("shop", "reports"):
        assert rows(env, "select 1 from pg_extension where extname = 'pg_trgm'", database=database) == [(1,)]


def test_a_service_with_one_thing_to_do_is_done_when_it_has_done_it(make: Make) -> None:
    seed = '[apps.seed]\nimage = "python:3.13-slim"\nneeds = ["redis"]\ncommand = ["sh", "-c", "echo seeded"]\n'
    subject = make(seed + REDIS)
    subject("up", "-d")
    until(lambda: subject.states() == {"redis": "ready", "seed": "stopped"}, 30)
    assert "seeded" in subject("logs", "seed").out
    subject("up", "-d")
    asked = make(seed + 'ready = { log = "never said" }\n' + REDIS, "asked")
    assert "service `seed` is not ready: it ended with exit code 0" in asked("up", "-d", code=1).err
