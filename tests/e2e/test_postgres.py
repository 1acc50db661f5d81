"""Postgres: ready means ready, what the manifest asks for is there, later as well, and old data is never broken."""

from __future__ import annotations

import subprocess
from pathlib import Path

import psycopg
import pytest

from tests.command_line import Cli
from tests.conftest import MakeProject
from tests.e2e.clients import addresses, execute, rows
from tests.e2e.conftest import Up
from tests.e2e.engine import containers, docker, running, starts, volumes
from tests.e2e.manifests import POSTGRES

pytestmark = pytest.mark.engine


def test_the_first_connection_after_up_is_never_refused(project: MakeProject, up: Up, cli: Cli) -> None:
    """Five times fresh: its init phase has a server too, which says yes on the socket and then goes away."""
    root = project({"devenv.toml": POSTGRES})
    for _ in range(5):
        up(root)
        assert rows(addresses(cli, root), "select 1") == [(1,)]
        execute(addresses(cli, root), "create table fresh (n int)")
        assert cli("destroy", "--yes", "--no-dump", cwd=root).code == 0


def test_nor_is_it_while_a_killed_server_recovers(project: MakeProject, up: Up, cli: Cli) -> None:
    """It listens and refuses everybody until all that was written since the last checkpoint is done again."""
    root = project({"devenv.toml": POSTGRES})
    up(root)
    execute(addresses(cli, root), "create table t as select n, md5(n::text) from generate_series(1, 1500000) n")
    docker("kill", containers(root)["postgres"]["Id"])
    up(root)
    assert rows(addresses(cli, root), "select count(*) from t") == [(1_500_000,)]


FULL = """
[sidecars.postgres]
version = "17"
databases = ["shop", "reports-2"]
extensions = ["pg_trgm", "uuid-ossp"]
init = ["db/*.sql", "db/last.sh"]
"""
SCRIPTS = {
    "db/1-table.sql": "create table made (name text);\ninsert into made values ('$HOME {not} a placeholder');\n",
    "db/2-more.sql": "insert into made values ('second');\n",
    "db/last.sh": 'psql -U "$POSTGRES_USER" -d "$POSTGRES_DB" -c "insert into made values (\'by shell\')"\n',
}


def test_databases_extensions_and_init_scripts_are_there(project: MakeProject, up: Up, cli: Cli) -> None:
    root = project({"devenv.toml": FULL, **SCRIPTS})
    up(root)
    env = addresses(cli, root)
    assert env["PGDATABASE"] == "shop"
    databases = {name for (name,) in rows(env, "select datname from pg_database where not datistemplate")}
    assert databases == {"shop", "reports-2", "postgres"}
    for database in ("shop", "reports-2"):
        found = {name for (name,) in rows(env, "select extname from pg_extension", database=database)}
        assert {"pg_trgm", "uuid-ossp"} <= found
    assert rows(env, "select name from made") == [("$HOME {not} a placeholder",), ("second",), ("by shell",)]


def test_a_database_and_an_extension_added_later_are_made_by_the_next_up(
    project: MakeProject, up: Up, cli: Cli
) -> None:
    text = '[sidecars.postgres]\nversion = "17"\ndatabases = ["shop"]\n'
    root = project({"devenv.toml": text})
    up(root)
    execute(addresses(cli, root), "create table t (n int)", "insert into t values (1)")
    (root / "devenv.toml").write_text(text.replace('["shop"]', '["shop", "extra"]') + 'extensions = ["pg_trgm"]\n')
    up(root)
    env = addresses(cli, root)
    assert rows(env, "select n from t") == [(1,)]
    assert rows(env, "select extname from pg_extension where extname = 'pg_trgm'", database="extra") == [("pg_trgm",)]
    before = starts(root)
    up(root)
    assert starts(root) == before


def test_a_new_password_in_the_manifest_is_the_one_that_works(project: MakeProject, up: Up, cli: Cli) -> None:
    root = project({"devenv.toml": '[sidecars.postgres]\nversion = "17"\npassword = "first"\n'})
    up(root)
    execute(addresses(cli, root), "create table t (n int)", "insert into t values (1)")
    (root / "devenv.toml").write_text('[sidecars.postgres]\nversion = "17"\npassword = "second"\n')
    up(root)
    env = addresses(cli, root)
    assert env["PGPASSWORD"] == "second"
    assert rows(env, "select n from t") == [(1,)]
    with pytest.raises(psycopg.OperationalError):
        rows({"DATABASE_URL": env["DATABASE_URL"].replace("second", "first")}, "select 1")


def test_lost_state_with_a_new_random_password_does_not_lock_anyone_out(project: MakeProject, up: Up, cli: Cli) -> None:
    root = project({"devenv.toml": POSTGRES})
    up(root)
    execute(addresses(cli, root), "create table t (n int)", "insert into t values (1)")
    before = addresses(cli, root)["PGPASSWORD"]
    (state,) = Path(cli.env["DEVENV_STATE_HOME"]).iterdir()
    for file in state.iterdir():
        file.unlink()
    up(root)
    env = addresses(cli, root)
    assert env["PGPASSWORD"] != before
    assert rows(env, "select n from t") == [(1,)]


def test_another_user_on_existing_data_is_recognised(project: MakeProject, up: Up, cli: Cli) -> None:
    """The role that owns everything can't be renamed behind its back: said, with the way out, and nothing lost."""
    root = project({"devenv.toml": '[sidecars.postgres]\nversion = "17"\nuser = "one"\n'})
    up(root)
    execute(addresses(cli, root), "create table t (n int)", "insert into t values (1)")
    (root / "devenv.toml").write_text('[sidecars.postgres]\nversion = "17"\nuser = "two"\n')
    result = cli("up", "-d", "--timeout", "30", cwd=root)
    assert result.code == 1
    assert "hint:" in result.err
    (root / "devenv.toml").write_text('[sidecars.postgres]\nversion = "17"\nuser = "one"\n')
    up(root)
    assert rows(addresses(cli, root), "select n from t") == [(1,)]


@pytest.mark.parametrize("stopped", [False, True], ids=["running", "after down"])
def test_another_major_version_is_recognised_and_the_way_out_leads_out(
    project: MakeProject, up: Up, cli: Cli, stopped: bool
) -> None:
    if subprocess.run(["docker", "image", "inspect", "postgres:18"], capture_output=True, timeout=60).returncode:
        pytest.skip("needs the image postgres:18: python3 -m tests.testbed images postgres:18")
    root = project({"devenv.toml": POSTGRES})
    up(root)
    execute(addresses(cli, root), "create table t (n int)", "insert into t values (1)")
    if stopped:
        assert cli("down", cwd=root).code == 0
    kept, before = volumes(root), running(root)
    newer = POSTGRES.replace('"17"', '"18"')
    (root / "devenv.toml").write_text(newer)
    result = cli("up", "-d", cwd=root)
    assert result.code == 1
    assert "17" in result.err
    assert "18" in result.err
    assert "hint:" in result.err
    assert (volumes(root), running(root)) == (kept, before)
    # The way: back to the old version for the dump, then the new one.
    (root / "devenv.toml").write_text(POSTGRES)
    done = cli("destroy", "postgres", "--yes", "--json", cwd=root)
    assert done.code == 0, done.err
    (dump,) = done.json()["dumps"]
    (root / "devenv.toml").write_text(newer)
    up(root)
    server = containers(root)["postgres"]
    assert server["Config"]["Image"] == "postgres:18"
    docker("exec", "-i", server["Id"], "psql", "-U", "shop", "-q", "postgres", stdin=Path(dump).read_text())
    assert rows(addresses(cli, root), "select n from t") == [(1,)]


def test_destroy_never_deletes_data_that_the_new_version_can_not_save(project: MakeProject, up: Up, cli: Cli) -> None:
    """Whoever follows a hint half-way, with the new version still in the manifest, loses nothing."""
    root = project({"devenv.toml": POSTGRES})
    up(root)
    execute(addresses(cli, root), "create table t (n int)", "insert into t values (4711)")
    kept = volumes(root)
    (root / "devenv.toml").write_text(POSTGRES.replace('"17"', '"18"'))
    result = cli("destroy", "postgres", "--yes", "--json", cwd=root)
    if result.code == 0:
        (dump,) = result.json()["dumps"]
        assert "4711" in Path(dump).read_text()
    else:
        assert volumes(root) == kept
