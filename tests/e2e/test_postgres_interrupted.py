"""Postgres killed while it makes its data: the image takes half of it for the whole, the next `up` must not.

Afterwards the login works and the init scripts have run completely; and a database that holds rows is never made anew.
"""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.command_line import Cli
from tests.conftest import MakeProject
from tests.e2e.clients import addresses, execute, rows
from tests.e2e.conftest import Up
from tests.e2e.engine import all_containers, containers, docker, volumes
from tests.testbed.containers import wait_for

pytestmark = pytest.mark.engine

MANIFEST = '[sidecars.postgres]\nversion = "17"\ndatabases = ["shop", "extra"]\ninit = ["db/*.sql"]\n'
SCRIPT = "create table seeded (n int);\nselect pg_sleep(0.5);\ninsert into seeded select generate_series(1, 100);\n"

POINTS = {
    "at once": "",
    "initdb begins": "The files belonging to this database system",
    "initdb writes": "creating configuration files",
    "initdb bootstraps": "performing post-bootstrap initialization",
    "private server": "database system is ready to accept connections",
    "our script": "00-devenv.sql",
    "the user's script": "10-seed.sql",
    "complete": "PostgreSQL init process complete",
}
SOAK = bool(os.environ.get("DEVENV_SOAK"))
USUAL = list(POINTS) if SOAK else ["initdb writes", "private server", "the user's script", "complete"]
STEPS = list(range(100)) if SOAK else [20]


def kill_at(root: Path, text: str) -> None:
    """Kill the project's postgres once its log says something."""
    (found,) = wait_for(lambda: [c for c in all_containers(root) if c["State"]["Running"]])
    log = subprocess.Popen(
        ["docker", "logs", "-f", found["Id"]], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8"
    )
    with log:
        assert log.stdout is not None
        if text:
            assert any(text in line for line in log.stdout), f"`{text}` is not in the log"
        docker("kill", found["Id"])
        log.kill()


def intact(cli: Cli, root: Path) -> None:
    """The app's login works and everything that was to be made is there."""
    env = addresses(cli, root)
    assert rows(env, "select count(*) from seeded") == [(100,)]
    assert rows(env, "select count(*) from pg_database where datname = 'extra'") == [(1,)]


@pytest.mark.parametrize("point", USUAL)
def test_the_next_up_heals_what_a_kill_left_half_made(project: MakeProject, up: Up, cli: Cli, point: str) -> None:
    root = project({"devenv.toml": MANIFEST, "db/seed.sql": SCRIPT})
    process = cli.start("up", "-d", "--timeout", "60", cwd=root)
    kill_at(root, POINTS[point])
    _, said = process.communicate(timeout=90)
    assert process.returncode == 1, said
    assert "`postgres`" in said
    up(root)
    intact(cli, root)


@pytest.mark.parametrize("point", USUAL[:1] if not SOAK else USUAL)
def test_the_same_when_the_command_dies_with_it(project: MakeProject, up: Up, cli: Cli, point: str) -> None:
    root = project({"devenv.toml": MANIFEST, "db/seed.sql": SCRIPT})
    process = cli.start("up", "-d", cwd=root)
    kill_at(root, POINTS[point])
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=30)
    up(root)
    intact(cli, root)


def test_the_same_when_the_half_made_container_is_removed_in_between(project: MakeProject, up: Up, cli: Cli) -> None:
    root = project({"devenv.toml": MANIFEST, "db/seed.sql": SCRIPT})
    process = cli.start("up", "-d", cwd=root)
    kill_at(root, POINTS["the user's script"])
    process.communicate(timeout=90)
    assert cli("down", cwd=root).code == 0
    up(root)
    intact(cli, root)


def test_a_command_that_dies_alone_lets_the_server_finish(project: MakeProject, up: Up, cli: Cli) -> None:
    """Nothing is made anew: the server goes on by itself, and the next `up` finds it ready."""
    root = project({"devenv.toml": MANIFEST, "db/seed.sql": SCRIPT})
    process = cli.start("up", "-d", cwd=root)
    (found,) = wait_for(lambda: [c for c in all_containers(root) if c["State"]["Running"]])
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=30)
    up(root)
    assert containers(root)["postgres"]["Id"] == found["Id"]
    intact(cli, root)


@pytest.mark.parametrize("waited", [True, False], ids=["ready", "gave up waiting"])
@pytest.mark.parametrize("removed", [False, True], ids=["kill", "kill and down"])
def test_a_database_with_rows_is_never_made_anew(
    project: MakeProject, up: Up, cli: Cli, waited: bool, removed: bool
) -> None:
    """However it ended; also if the `up` that made it did not wait until it was ready."""
    root = project({"devenv.toml": MANIFEST, "db/seed.sql": SCRIPT})
    if waited:
        up(root)
    else:
        assert cli("up", "-d", "--timeout", "0.5", cwd=root).code == 1
    env = addresses(cli, root)
    wait_for(lambda: answers(env))
    execute(env, "create table mine (n int)", "insert into mine values (4711)", "checkpoint")
    before = volumes(root)
    docker("kill", containers(root)["postgres"]["Id"])
    if removed:
        assert cli("down", cwd=root).code == 0
    up(root)
    assert volumes(root) == before
    assert rows(addresses(cli, root), "select n from mine") == [(4711,)]


def answers(env: dict[str, str]) -> bool:
    """Whether somebody can log in."""
    import psycopg

    try:
        return rows(env, "select 1") == [(1,)]
    except psycopg.OperationalError:
        return False


@pytest.mark.parametrize("step", STEPS)
def test_the_same_at_any_other_moment(project: MakeProject, up: Up, cli: Cli, step: int) -> None:
    root = project({"devenv.toml": MANIFEST, "db/seed.sql": SCRIPT})
    process = cli.start("up", "-d", cwd=root)
    (found,) = wait_for(lambda: [c for c in all_containers(root) if c["State"]["Running"]])
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=step * 0.025)
    docker("kill", found["Id"])
    if step % 2:
        process.send_signal(signal.SIGKILL)
    process.communicate(timeout=90)
    up(root)
    intact(cli, root)
