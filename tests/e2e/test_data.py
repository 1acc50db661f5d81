"""`down` keeps data, `destroy` is the only verb that deletes any: asked, dumped first, by label and exact id."""

from __future__ import annotations

import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.command_line import Cli
from tests.conftest import MakeProject
from tests.e2e.clients import addresses, execute, redis_at, rows
from tests.e2e.conftest import Up
from tests.e2e.engine import (
    all_containers,
    containers,
    docker,
    inspected,
    labelled,
    networks,
    project_id,
    running,
    starts,
    volumes,
)
from tests.e2e.manifests import BOTH, POSTGRES, REDIS, web, worker
from tests.testbed.containers import wait_for

pytestmark = pytest.mark.engine

SEED = (
    "create table orders (id serial primary key, item text)",
    "insert into orders (item) select 'item ' || n from generate_series(1, 1000) n",
    "insert into orders (item) values (E'Grüße\\n\\t''quoted'' \\\\ ☃')",
    "create database reports",
)
CHECKSUM = "select count(*), md5(string_agg(id || item, ',' order by id)) from orders"


def test_down_removes_containers_and_network_and_keeps_every_row(project: MakeProject, up: Up, cli: Cli) -> None:
    root = project({"devenv.toml": web() + BOTH})
    up(root)
    env = addresses(cli, root)
    execute(env, *SEED)
    before, kept = rows(env, CHECKSUM), volumes(root)
    with redis_at(env) as client:
        client.set("key", "value")
    assert cli("down", cwd=root).code == 0
    assert all_containers(root) == []
    assert networks(root) == []
    assert volumes(root) == kept
    up(root)
    assert addresses(cli, root) == env
    assert rows(env, CHECKSUM) == before
    with redis_at(env) as client:
        assert client.get("key") == "value"


def test_destroy_with_nobody_to_ask_deletes_nothing(project: MakeProject, up: Up, cli: Cli) -> None:
    root = project({"devenv.toml": REDIS})
    up(root)
    before = starts(root)
    result = cli("destroy", cwd=root)
    assert result.code == 2
    assert "--yes" in result.err
    assert starts(root) == before


@contextmanager
def fresh_server() -> Iterator[str]:
    """A postgres server that has never seen devenv, and whose name the dump's user is not; gives its container."""
    name = f"restored-{secrets.token_hex(4)}"
    docker("run", "-d", "--name", name, "-e", "POSTGRES_PASSWORD=x", "postgres:17")
    try:
        wait_for(lambda: "1" in _attempt(name))
        yield name
    finally:
        docker("rm", "--force", "--volumes", name)


def _attempt(container: str) -> str:
    try:
        return docker("exec", container, "psql", "-h", "127.0.0.1", "-U", "postgres", "-Atc", "select 1")
    except AssertionError:
        return ""


def test_destroy_saves_a_dump_that_restores_into_a_fresh_server(project: MakeProject, up: Up, cli: Cli) -> None:
    root = project({"devenv.toml": POSTGRES}, name="tea shop")
    up(root)
    execute(addresses(cli, root), *SEED)
    before = rows(addresses(cli, root), CHECKSUM)
    result = cli("destroy", "--yes", "--json", cwd=root)
    assert result.code == 0, result.err
    (dump,) = (Path(path) for path in result.json()["dumps"])
    assert stat.S_IMODE(dump.stat().st_mode) == 0o600
    assert stat.S_IMODE(dump.parent.stat().st_mode) == 0o700
    assert (all_containers(root), volumes(root), networks(root)) == ([], [], [])
    with fresh_server() as server:
        docker("exec", "-i", server, "psql", "-U", "postgres", "-q", stdin=dump.read_text())
        restored = docker("exec", server, "psql", "-U", "tea-shop", "-d", "tea-shop", "-AtF,", "-c", CHECKSUM)
        assert restored == ",".join(str(value) for value in before[0])
        assert "reports" in docker("exec", server, "psql", "-U", "postgres", "-Atc", "select datname from pg_database")
    up(root)
    with pytest.raises(psycopg.errors.UndefinedTable):
        rows(addresses(cli, root), CHECKSUM)


def test_a_stopped_database_is_dumped_as_well(project: MakeProject, up: Up, cli: Cli) -> None:
    root = project({"devenv.toml": POSTGRES})
    up(root)
    execute(addresses(cli, root), "create table t (n int)", "insert into t values (4711)")
    assert cli("down", cwd=root).code == 0
    result = cli("destroy", "--yes", "--json", cwd=root)
    assert result.code == 0, result.err
    (dump,) = (Path(path) for path in result.json()["dumps"])
    assert "4711" in dump.read_text()
    assert volumes(root) == []


def test_data_that_can_not_be_saved_is_not_deleted(project: MakeProject, up: Up, cli: Cli) -> None:
    root = project({"devenv.toml": POSTGRES})
    up(root)
    kept = volumes(root)
    docker("exec", containers(root)["postgres"]["Id"], "find", "/usr", "-xdev", "-name", "pg_dumpall", "-delete")
    result = cli("destroy", "--yes", cwd=root)
    assert result.code == 1
    assert "--no-dump" in result.err
    assert volumes(root) == kept
    assert running(root) == {"postgres"}


@contextmanager
def decoys(project: str) -> Iterator[dict[str, list[str]]]:
    """Things that look like the project's and are not: by Compose's label, by name, by a label that only begins so."""
    labels = ["--label", f"com.docker.compose.project={project}", "--label", f"devenv.project={project}-2"]
    labels += ["--label", "devenv.path=/somewhere/else", "--label", "devenv.service=redis"]
    made: dict[str, list[str]] = {"container": [], "volume": [], "network": []}
    try:
        made["container"].append(
            docker("run", "-d", "--name", f"{project}-redis-2", *labels, "redis:8", "redis-server")
        )
        made["container"].append(docker("create", "--name", f"{project}_redis", "redis:8"))
        made["volume"].append(docker("volume", "create", *labels, f"{project}_redis.data2"))
        made["volume"].append(docker("volume", "create", f"{project}_redis"))
        made["network"].append(docker("network", "create", *labels, f"{project}_other"))
        yield made
    finally:
        for kind in ("container", "volume", "network"):
            for name in made[kind]:
                docker(kind, "rm", *(["--force"] if kind != "network" else []), name)


@pytest.mark.parametrize("words", [("down",), ("destroy", "--yes"), ("up", "-d")])
def test_nothing_that_only_looks_like_ours_is_touched(
    project: MakeProject, up: Up, cli: Cli, words: tuple[str, ...]
) -> None:
    root = project({"devenv.toml": worker() + REDIS})
    up(root)
    with decoys(project_id(root)) as made:
        before = {kind: inspected(kind, *made[kind]) for kind in made}
        (root / "devenv.toml").write_text(worker(more='env = { A = "2" }') + REDIS)
        assert cli(*words, cwd=root).code == 0
        assert {kind: inspected(kind, *made[kind]) for kind in made} == before


def test_destroy_of_one_service_leaves_the_others_running(project: MakeProject, up: Up, cli: Cli) -> None:
    root = project({"devenv.toml": BOTH})
    up(root)
    before = starts(root)
    assert cli("destroy", "redis", "--yes", cwd=root).code == 0
    assert starts(root) == {"postgres": before["postgres"]}
    assert [name.rpartition("_")[2] for name in volumes(root)] == ["postgres.data"]
    assert len(networks(root)) == 1


def test_volumes_without_our_label_survive_even_a_destroy(project: MakeProject, up: Up, cli: Cli) -> None:
    """Images that declare volumes get anonymous ones from the engine; they go with their container, no other does."""
    root = project({"devenv.toml": REDIS})
    foreign = docker("volume", "create", "--label", "mine=yes", f"foreign-{secrets.token_hex(4)}")
    try:
        up(root)
        assert cli("destroy", "--yes", cwd=root).code == 0
        assert foreign in labelled("volume", "mine=yes")
    finally:
        docker("volume", "rm", foreign)
