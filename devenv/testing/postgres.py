"""Databases for tests: a template that is set up once a run, and a clone of it for each process; psycopg does the work.

Names begin with `devenv_test_`. Each run holds an advisory lock in the server, by which the databases of runs that were
killed are known and dropped by the next one.
"""

from __future__ import annotations

import re
import threading
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from devenv.errors import DevenvError
from devenv.testing.environment import Environment
from devenv.testing.reset import Reset, sql_literal

if TYPE_CHECKING:
    import psycopg

    Connection = psycopg.Connection[tuple[Any, ...]]

PREFIX = "devenv_test_"
_LOCK = 0x6465  # "de": the first half of the locks' key
_TEMPLATE = "template"
_PATIENCE = 600.0
"""Seconds in which another process has set up the template."""
_NAMES_DATABASE = re.compile(r"(DATABASE|DB)(_?NAME)?$", re.IGNORECASE)
"""Variables that may hold nothing but the name of a database: PGDATABASE, POSTGRES_DB, DB_NAME."""

Setup = Callable[[str], object]
"""Sets up the database at an address."""


@dataclass
class Database:
    """One process's own database. `url` stays the same for the whole run."""

    url: str
    name: str
    renamed: Callable[[Mapping[str, str]], dict[str, str]] = field(repr=False)  # of an environment what is other here
    _server: Connection = field(repr=False)
    _template: str = field(repr=False)
    _run: str = field(repr=False)
    _reset: Reset = field(repr=False)

    def reset(self) -> None:
        """Make it as it was when the setup had run: rows, sequences and, where tests changed it, the schema.

        Who has a transaction open there loses the connection; where the schema changed, everybody does.
        """
        import psycopg

        try:
            if self._reset.run():
                return
        except psycopg.Error:  # in somebody's lock, or its connection was cut off: then all of it anew
            pass
        self._reset.close()
        try:
            _drop(self._server, self.name)
            _clone(self._server, self._template, self.name)
            self._reset.again()
        except psycopg.Error as error:
            raise DevenvError(f"the tests' database can't be made anew: {error}") from error

    def close(self) -> None:
        """Drop it, and what there is of the run where none of its other processes is left."""
        self._reset.close()
        _drop(self._server, self.name)
        if self._last():
            for name in _names(self._server, f"{PREFIX}{self._run}_"):
                _drop(self._server, name)
        self._server.close()

    def _last(self) -> bool:
        self._server.execute("select pg_advisory_unlock_shared(%s, %s)", _key(self._run))
        row = self._server.execute("select pg_try_advisory_lock(%s, %s)", _key(self._run)).fetchone()
        return bool(row and row[0])


@dataclass(frozen=True)
class _Postgres:
    """The project's server."""

    user: str
    password: str
    port: int
    database: str  # the app's

    def url(self, name: str) -> str:
        """The address of a database."""
        login = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}"
        return f"postgresql://{login}@127.0.0.1:{self.port}/{quote(name, safe='')}"

    def renamed(self, name: str, env: Mapping[str, str]) -> dict[str, str]:
        """Of an environment what is other where an app has that database instead of its own."""
        address = re.compile(rf"(:{self.port}/){re.escape(quote(self.database, safe=''))}(?![\w$%-])")
        found = {}
        for key, value in env.items():
            if address.search(value):
                found[key] = address.sub(rf"\g<1>{name}", value)
            elif value == self.database and _NAMES_DATABASE.search(key):
                found[key] = name
        return found


def open_database(environment: Environment, setup: Setup | None = None) -> Database:
    """This process's database, made of the run's template, which the apps' setups and then `setup` have set up.

    Raises `DevenvError`.
    """
    if environment.setups:  # which may use any of them, so that all come up at once
        environment.bring_up()
    service = environment.service("postgres")
    user, password, database = (environment.value(service, name) for name in ("user", "password", "database"))
    postgres = _Postgres(user, password, environment.port(service, "postgres"), database)
    run = environment.run
    template, own = (f"{PREFIX}{run.id}_{each}" for each in (_TEMPLATE, run.worker))
    server = _connect(postgres.url("postgres"))
    server.execute("select pg_advisory_lock_shared(%s, %s)", _key(run.id))
    if environment.shared:
        _sweep(server)
    _make_template(environment, server, template, postgres, setup)
    _drop(server, own)
    _clone(server, template, own)
    return Database(
        postgres.url(own), own, partial(postgres.renamed, own), server, template, run.id, Reset(postgres.url(own))
    )


def _make_template(
    environment: Environment, server: Connection, template: str, postgres: _Postgres, setup: Setup | None
) -> None:
    """Make and set up the template, once in a run: the others wait for that. A failure is all others' too."""
    key = _key(template)
    server.execute(f"set lock_timeout = '{_PATIENCE:.0f}s'")
    server.execute("select pg_advisory_lock(%s, %s)", key)
    try:
        asked = "select datistemplate, shobj_description(oid, 'pg_database') from pg_database where datname = %s"
        done, failure = server.execute(asked, [template]).fetchone() or (False, None)
        if done:
            return
        if failure:
            raise DevenvError(failure)
        _drop(server, template)
        if environment.shared:  # its database is somebody's, with rows in it
            server.execute(f'create database "{template}"')
            _copy_extensions(postgres, template)
        else:
            _clone(server, postgres.database, template)
        try:
            environment.set_up(partial(postgres.renamed, template))
            if setup:
                setup(postgres.url(template))
        except BaseException as error:
            said = sql_literal(f"the setup of the tests' database failed in another process of this run: {error}")
            server.execute(f'comment on database "{template}" is {said}')
            raise
        server.execute(f'alter database "{template}" is_template true allow_connections false')
        server.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [template])
    finally:
        server.execute("select pg_advisory_unlock(%s, %s)", key)


def _copy_extensions(postgres: _Postgres, template: str) -> None:
    with _connect(postgres.url(postgres.database)) as other:
        names = [row[0] for row in other.execute("select extname from pg_extension order by oid")]
    with _connect(postgres.url(template)) as new:
        for name in names:
            new.execute(f'create extension if not exists "{name}"')


def _connect(url: str) -> Connection:
    try:
        import psycopg
    except ImportError:
        raise DevenvError("psycopg is not installed", hint="pip install 'devenv-up[pytest]'") from None
    try:
        return psycopg.connect(url, autocommit=True, connect_timeout=10)
    except psycopg.Error as error:
        raise DevenvError(f"postgres lets no test in: {error}") from error


def _clone(server: Connection, template: str, name: str) -> None:
    """CREATE DATABASE … TEMPLATE: PostgreSQL copies the files. It wants nobody to be connected to the template."""
    import psycopg

    deadline = time.monotonic() + 10.0
    while True:
        try:
            try:
                server.execute(f'create database "{name}" template "{template}" strategy file_copy')
            except psycopg.errors.SyntaxError:  # before version 15 there was no other strategy, and no name for it
                server.execute(f'create database "{name}" template "{template}"')
            return _copy_settings(server, template, name)
        except psycopg.errors.ObjectInUse as error:
            if time.monotonic() > deadline:
                raise DevenvError(f"somebody is connected to `{template}`: {error}") from error
            threading.Event().wait(0.02)


def _copy_settings(server: Connection, template: str, name: str) -> None:
    """ALTER DATABASE … SET is no part of what CREATE DATABASE copies."""
    server.execute(
        "insert into pg_db_role_setting select new.oid, setrole, setconfig from pg_db_role_setting "
        "join pg_database old on old.oid = setdatabase, pg_database new where old.datname = %s and new.datname = %s",
        [template, name],
    )


def _drop(server: Connection, name: str) -> None:
    if server.execute("select 1 from pg_database where datname = %s and datistemplate", [name]).fetchone():
        server.execute(f'alter database "{name}" is_template false')
    server.execute(f'drop database if exists "{name}" with (force)')


def _names(server: Connection, prefix: str) -> list[str]:
    found = server.execute("select datname from pg_database where starts_with(datname, %s)", [prefix])
    return [row[0] for row in found]


def _sweep(server: Connection) -> None:
    """Drop what runs have left that were killed: those whose lock nobody holds."""
    for name in _names(server, PREFIX):
        key = _key(name.removeprefix(PREFIX).rpartition("_")[0])
        row = server.execute("select pg_try_advisory_lock(%s, %s)", key).fetchone()
        if row and row[0]:
            _drop(server, name)
            server.execute("select pg_advisory_unlock(%s, %s)", key)


def _key(run: str) -> tuple[int, int]:
    return _LOCK, zlib.crc32(run.encode()) - (1 << 31)
