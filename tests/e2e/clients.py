"""Independent clients at the addresses of `env --format json`: psycopg and redis-py."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import redis

from tests.command_line import Cli

Env = Mapping[str, str]


def addresses(cli: Cli, root: Path, *words: str) -> dict[str, str]:
    """What `devenv env` says for this machine."""
    result = cli("env", "--format", "json", *words, cwd=root)
    assert result.code == 0, result.err
    values: dict[str, str] = result.json()
    return values


@contextmanager
def postgres(env: Env, **options: Any) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    """A connection as the app's user, each statement by itself."""
    with psycopg.connect(env["DATABASE_URL"], autocommit=True, connect_timeout=5, **options) as connection:
        yield connection


def rows(env: Env, query: str, *, database: str | None = None) -> list[tuple[Any, ...]]:
    """The answer of one query."""
    with postgres(env, **({"dbname": database} if database else {})) as connection:
        return connection.execute(query.encode()).fetchall()


def execute(env: Env, *statements: str) -> None:
    """Run statements that answer nothing."""
    with postgres(env) as connection:
        for statement in statements:
            connection.execute(statement.encode())


@contextmanager
def redis_at(env: Env) -> Iterator[redis.Redis]:
    """A redis client, closed at the end."""
    with redis.Redis.from_url(env["REDIS_URL"], socket_timeout=5, decode_responses=True) as client:
        yield client
