"""Whether the postgres images here, real or look-alike, keep what the official one promises."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from .containers import Container, Docker, Result, need, wait_for

pytestmark = pytest.mark.engine


def query(server: Container, sql: str, user: str = "postgres", database: str | None = None) -> str:
    result = server.run("psql", "-X", "-A", "-t", "-U", user, "-d", database or user, "-c", sql)
    assert result.code == 0, result.err
    return result.out.strip()


def postgres_is_up(server: Container, user: str = "postgres") -> None:
    wait_for(lambda: server.run("pg_isready", "-h", "127.0.0.1", "-U", user).code == 0)


@pytest.fixture(params=["postgres:17", "postgres:18", "postgres:15"])
def postgres(request: pytest.FixtureRequest, docker: Docker) -> str:
    return need(docker, request.param)


def test_postgres_wants_a_password_before_it_makes_a_cluster(docker: Docker, postgres: str) -> None:
    with docker.container(postgres) as server:
        assert server.exit_code() == 1
        logs = server.logs()
    assert "Error: Database is uninitialized and superuser password is not specified." in logs
    assert "initdb" not in logs


def test_postgres_refuses_a_setting_given_twice(docker: Docker, postgres: str) -> None:
    options = ["-e", "POSTGRES_PASSWORD=x", "-e", "POSTGRES_PASSWORD_FILE=/run/password"]
    with docker.container(postgres, options=options) as server:
        assert server.exit_code() == 1
        assert "are set (but are exclusive)" in server.logs()


def test_postgres_reads_a_password_from_a_file(docker: Docker, postgres: str, tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("s3cret\n")
    options = ["-e", "POSTGRES_PASSWORD_FILE=/password"]
    with docker.container(postgres, options=options, files={"/password": secret}) as server:
        postgres_is_up(server)
        guest = guest_login(docker, postgres, server, "s3cret")
    assert guest.code == 0, guest.err


def guest_login(docker: Docker, image: str, server: Container, password: str) -> Result:
    """Log in from another container."""
    address = server.address()
    with docker.container(image, "sleep", "60") as guest:
        words = ("psql", "-w", "-h", address, "-U", "postgres", "-c", "select 1")
        return guest.run(*words, env={"PGPASSWORD": password} if password else {})


def test_postgres_names_the_database_after_the_user(docker: Docker, postgres: str) -> None:
    with docker.container(postgres, options=["-e", "POSTGRES_PASSWORD=x", "-e", "POSTGRES_USER=joe"]) as server:
        postgres_is_up(server, "joe")
        found = query(server, "select string_agg(datname, ' ' order by datname) from pg_database", "joe")
        assert found == "joe postgres template0 template1"
        assert query(server, "select rolsuper from pg_roles where rolname = 'joe'", "joe") == "t"


def test_postgres_takes_a_database_name(docker: Docker, postgres: str) -> None:
    options = ["-e", "POSTGRES_PASSWORD=x", "-e", "POSTGRES_USER=joe", "-e", "POSTGRES_DB=shop-1"]
    with docker.container(postgres, options=options) as server:
        postgres_is_up(server, "joe")
        found = query(server, "select string_agg(datname, ' ' order by datname) from pg_database", "joe", "shop-1")
        assert found == "postgres shop-1 template0 template1"


@pytest.fixture
def hooks(tmp_path: Path) -> Path:
    """One hook of each kind; what they leave behind tells which ran, in which order, and what they saw."""
    folder = tmp_path / "docker-entrypoint-initdb.d"
    (folder / "sub").mkdir(parents=True)
    (folder / "10-table.sql").write_text("create table seen (number serial, name text);")
    (folder / "20-run.sh").write_text(
        "#!/bin/bash\nset -e\nEXPORTED=lost\n"
        "pg_isready -q && socket=yes || socket=no\n"
        "pg_isready -q -h 127.0.0.1 && tcp=yes || tcp=no\n"
        'psql -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d "$POSTGRES_DB" '
        """-c "insert into seen (name) values ('run $(id -un) socket=$socket tcp=$tcp')"\n"""
    )
    (folder / "20-run.sh").chmod(0o755)
    (folder / "30-sourced.sh").write_text("FROM_HOOK=kept\n")
    (folder / "30-sourced.sh").chmod(0o644)
    (folder / "40-after.sh").write_text(
        """psql -U "$POSTGRES_USER" -d "$POSTGRES_DB" -c "insert into seen (name) values ('after $FROM_HOOK')"\n"""
    )
    (folder / "40-after.sh").chmod(0o644)
    (folder / "50-packed.sql.gz").write_bytes(gzip.compress(b"insert into seen (name) values ('packed');"))
    (folder / "60-notes.txt").write_text("not a hook")
    (folder / "sub" / "70-deep.sql").write_text("insert into seen (name) values ('deep');")
    folder.chmod(0o755)
    return folder


def test_postgres_runs_hooks_once_in_order_on_a_private_server(docker: Docker, postgres: str, hooks: Path) -> None:
    options = ["-e", "POSTGRES_PASSWORD=x"]
    files = {"/": hooks}
    with docker.container(postgres, options=options, files=files) as server:
        postgres_is_up(server)
        everything = "select string_agg(name, '|' order by number) from seen"
        seen = query(server, everything)
        assert seen == "run postgres socket=yes tcp=no|after kept|packed"
        assert "ignoring /docker-entrypoint-initdb.d/60-notes.txt" in server.logs()
        assert server.stop() == 0
        server.start()
        postgres_is_up(server)
        assert query(server, everything) == seen
        assert "appears to contain a database; Skipping initialization" in server.logs()


def test_postgres_trusts_inside_and_asks_others_for_the_password(docker: Docker, postgres: str) -> None:
    with docker.container(postgres, options=["-e", "POSTGRES_PASSWORD=right"]) as server:
        postgres_is_up(server)
        assert server.run("psql", "-w", "-h", "127.0.0.1", "-U", "postgres", "-c", "select 1").code == 0
        assert guest_login(docker, postgres, server, "").code != 0
        assert guest_login(docker, postgres, server, "wrong").code != 0
        assert guest_login(docker, postgres, server, "right").code == 0
        assert query(server, "show password_encryption") == "scram-sha-256"


def test_postgres_stops_fast_and_logs_in_the_known_order(docker: Docker, postgres: str) -> None:
    with docker.container(postgres, options=["-e", "POSTGRES_PASSWORD=x"]) as server:
        postgres_is_up(server)
        assert docker.must("inspect", "--format", "{{.Config.StopSignal}}", server.id) == "SIGINT"
        assert server.stop() == 0
        logs = docker("logs", server.id)
    assert "init process complete; ready for start up." in logs.out
    assert server_logs(logs).count("database system is ready to accept connections") == 2
    assert "received fast shutdown request" in server_logs(logs)


def server_logs(logs: Result) -> str:
    """The first server logs to the entrypoint's stdout, the second to stderr."""
    return logs.out + logs.err
