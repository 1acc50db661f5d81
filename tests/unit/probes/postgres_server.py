"""PostgreSQL for the probe tests: one server that lets roles in and one that is never ready."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from .real_servers import free_port, home, need, run, server, wait_until

HBA = """
host all admin    127.0.0.1/32 trust
host all trusted  127.0.0.1/32 trust
host all clear    127.0.0.1/32 password
host all digested 127.0.0.1/32 md5
host all banned   127.0.0.1/32 reject
host all all      127.0.0.1/32 scram-sha-256
"""
PASSWORD = "s3cr3t-pass'word"
ROLES = ("app", "trusted", "clear", "digested", "banned", "outsider")


@dataclass(frozen=True)
class Postgres:
    """A running server; every role of ROLES has PASSWORD, and the database "app" lets all but "outsider" in."""

    port: int

    def execute(self, *statements: sql.Composed | sql.SQL) -> None:
        """Run statements as the superuser."""
        with psycopg.connect(_admin(self.port), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    def set_password(self, role: str, password: str) -> None:
        """Give a role a password, hashed by the server."""
        self.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), sql.Literal(password)))


def _admin(port: int) -> str:
    return f"host=127.0.0.1 port={port} user=admin dbname=postgres connect_timeout=5"


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """Run a server with the roles and the database that Postgres promises."""
    with home() as folder:
        command, port = _prepared(folder)
        with server(folder, *command) as process:
            wait_until(lambda: _lets_admin_in(port), process, folder)
            running = Postgres(port)
            _fill(running)
            yield running


@contextmanager
def unready_postgres() -> Iterator[int]:
    """Run a standby that has no primary and no hot_standby: it answers every login with SQLSTATE 57P03."""
    with home() as folder:
        command, port = _prepared(folder)
        (folder / "data" / "standby.signal").touch()
        with server(folder, *command, "-c", "hot_standby=off") as process:
            log = folder / "server.log"
            wait_until(lambda: "entering standby mode" in log.read_text(errors="replace"), process, folder)
            yield port


@contextmanager
def cold_postgres() -> Iterator[int]:
    """Run a server and give its port at once, before it listens."""
    with home() as folder:
        command, port = _prepared(folder)
        with server(folder, *command):
            yield port


def _prepared(folder: Path) -> tuple[list[str], int]:
    """Make a cluster; return the command that serves it and its port."""
    data = folder / "data"
    initdb = need("initdb", "postgresql")
    run(folder, initdb, "-D", str(data), "-U", "admin", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
    (data / "pg_hba.conf").write_text(HBA)
    port = free_port()
    options = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "fsync": "off"}
    settings = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
    return [need("postgres", "postgresql"), "-D", str(data), "-p", str(port), *settings], port


def _lets_admin_in(port: int) -> bool:
    try:
        psycopg.connect(_admin(port)).close()
    except psycopg.OperationalError:
        return False
    return True


def _fill(running: Postgres) -> None:
    create = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}")
    for role in ROLES:
        method = "md5" if role == "digested" else "scram-sha-256"
        running.execute(
            sql.SQL("SET password_encryption = {}").format(sql.Literal(method)),
            create.format(sql.Identifier(role), sql.Literal(PASSWORD)),
        )
    insiders = sql.SQL(", ").join(sql.Identifier(role) for role in ROLES if role != "outsider")
    running.execute(
        sql.SQL("CREATE DATABASE app"),
        sql.SQL("REVOKE CONNECT ON DATABASE app FROM PUBLIC"),
        sql.SQL("GRANT CONNECT ON DATABASE app TO {}").format(insiders),
    )
