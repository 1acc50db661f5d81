"""Databases for tests: a template that is set up once a run, and a clone of it for each process; psycopg does the work.

Names begin with `devenv_test_`. Each run holds an advisory lock in the server, by which the databases of runs that were
killed are known and dropped by the next one.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from devenv.errors import DevenvError
from devenv.testing.environment import Environment
from devenv.testing.reset import Reset

if TYPE_CHECKING:
    import psycopg

    Connection = psycopg.Connection[tuple[Any, ...]]

PREFIX = "devenv_test_"
_LOCK = 0x6465  # "de": the first half of the locks' key
_TEMPLATE = "template"
_PATIENCE = 600.0
"""Seconds in which another process has set up the template."""


@dataclass
class Database:
    """One process's own database. `url` stays the same for the whole run."""

    url: str
    name: str
    renamed: Callable[[Mapping[str, str]], dict[str, str]] = field(repr=False)  # of an environment what is other here
    _server: Connection = field(repr=False)
    _template: str = field(repr=False)
    _run: str = field(repr=False)
    _reset: Reset | None = field(default=None, repr=False)

    def reset(self) -> None:
        """Make it as it was when the setup had run: rows, sequences and, where tests changed it, the schema."""
        import psycopg

        if self._reset is not None:
            try:
                if self._reset.run():
                    return
            except psycopg.Error:  # in somebody's lock, or its connection was cut off: then all of it anew
                pass
            self._reset.close()
            _drop(self._server, self.name)
            _clone(self._server, self._template, self.name)
        self._reset = Reset(self.url)

    def close(self) -> None:
        """Drop it, and the template where no other process of the run is left."""
        if self._reset:
            self._reset.close()
        _drop(self._server, self.name)
        if self._last():
            _drop(self._server, self._template)
        self._server.close()

    def _last(self) -> bool:
        self._server.execute("select pg_advisory_unlock_shared(%s, %s)", _key(self._run))
        row = self._server.execute("select pg_try_advisory_lock(%s, %s)", _key(self._run)).fetchone()
        return bool(row and row[0])


def open_database(environment: Environment) -> Database:
    """This process's database, made of the run's template. Raises `DevenvError`."""
    if environment.setups:  # which may use any of them, so that all come up at once
        environment.bring_up()
    service = environment.service("postgres")
    user, password, database = (environment.value(service, name) for name in ("user", "password", "database"))
    port = environment.port(service, "postgres")

    def url(name: str) -> str:
        return f"postgresql://{quote(user, safe='')}:{quote(password, safe='')}@127.0.0.1:{port}/{quote(name, safe='')}"

    def renamed(name: str, env: Mapping[str, str]) -> dict[str, str]:
        found = {}
        for key, value in env.items():
            if f":{port}/{quote(database, safe='')}" in value:
                found[key] = value.replace(f":{port}/{quote(database, safe='')}", f":{port}/{name}")
            elif key.endswith("PGDATABASE") and value == database:
                found[key] = name
        return found

    run = environment.run
    template, own = (f"{PREFIX}{run.id}_{each}" for each in (_TEMPLATE, run.worker))
    server = _connect(url("postgres"))
    server.execute("select pg_advisory_lock_shared(%s, %s)", _key(run.id))
    if environment.shared:
        _sweep(server)
    _make_template(environment, server, template, database, url, partial(renamed, template))
    _drop(server, own)
    _clone(server, template, own)
    return Database(url(own), own, partial(renamed, own), server, template, run.id)


def _make_template(
    environment: Environment,
    server: Connection,
    template: str,
    database: str,
    url: Callable[[str], str],
    renamed: Callable[[Mapping[str, str]], dict[str, str]],
) -> None:
    """Make and set up the template, once in a run: the others wait for that."""
    key = (_LOCK, zlib.crc32(template.encode()) - (1 << 31))
    server.execute(f"set lock_timeout = '{_PATIENCE:.0f}s'")
    server.execute("select pg_advisory_lock(%s, %s)", key)
    try:
        if server.execute("select 1 from pg_database where datname = %s and datistemplate", [template]).fetchone():
            return
        _drop(server, template)
        if environment.shared:  # its database is somebody's, with rows in it
            server.execute(f'create database "{template}"')
            _copy_extensions(url, database, template)
        else:
            _clone(server, database, template)
        environment.set_up(renamed)
        server.execute(f'alter database "{template}" is_template true')
    finally:
        server.execute("select pg_advisory_unlock(%s, %s)", key)


def _copy_extensions(url: Callable[[str], str], database: str, template: str) -> None:
    with _connect(url(database)) as other:
        names = [row[0] for row in other.execute("select extname from pg_extension order by oid")]
    with _connect(url(template)) as new:
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
            server.execute(f'create database "{name}" template "{template}" strategy file_copy')
            return
        except psycopg.errors.SyntaxError:  # before version 15 there was no other strategy, and no name for it
            server.execute(f'create database "{name}" template "{template}"')
            return
        except psycopg.errors.ObjectInUse as error:
            if time.monotonic() > deadline:
                raise DevenvError(f"somebody is connected to `{template}`: {error}") from error
            time.sleep(0.05)


def _drop(server: Connection, name: str) -> None:
    if server.execute("select 1 from pg_database where datname = %s and datistemplate", [name]).fetchone():
        server.execute(f'alter database "{name}" is_template false')
    server.execute(f'drop database if exists "{name}" with (force)')


def _sweep(server: Connection) -> None:
    """Drop what runs have left that were killed: those whose lock nobody holds."""
    names = [row[0] for row in server.execute("select datname from pg_database where datname like %s", [f"{PREFIX}%"])]
    for name in names:
        key = _key(name.removeprefix(PREFIX).rpartition("_")[0])
        row = server.execute("select pg_try_advisory_lock(%s, %s)", key).fetchone()
        if row and row[0]:
            _drop(server, name)
            server.execute("select pg_advisory_unlock(%s, %s)", key)


def _key(run: str) -> tuple[int, int]:
    return _LOCK, zlib.crc32(run.encode()) - (1 << 31)
