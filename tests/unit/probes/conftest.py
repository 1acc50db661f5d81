"""Fixtures of the probe tests: fake servers for each test, real ones once for the session."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

import pytest

from .fake_servers import FakeServer, Handler
from .postgres_server import Postgres, running_postgres, unready_postgres
from .redis_server import Redis, loading_redis, running_redis

Serve = Callable[[Handler], int]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start a fake server with a handler and return its port."""
    servers: list[FakeServer] = []

    def start(handler: Handler) -> int:
        servers.append(FakeServer(handler))
        return servers[-1].port

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port that refuses: bound, so that nobody else gets it, but not listening."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server with a role for each way to log in."""
    with running_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def unready_postgres_port() -> Iterator[int]:
    """A PostgreSQL server that runs and never lets anyone in."""
    with unready_postgres() as port:
        yield port


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Redis]:
    """A Redis server with a password and an ACL user."""
    with running_redis() as server:
        yield server


@pytest.fixture(scope="module")
def loading_redis_port() -> Iterator[int]:
    """A Redis server that is busy loading its data set."""
    with loading_redis() as port:
        yield port
