"""The other side of `devenv run`: testcontainers-python starts postgres and redis, asks both, and ends them."""

from __future__ import annotations

from testcontainers.postgres import PostgresContainer
from testcontainers.redis import RedisContainer

with PostgresContainer("postgres:17") as postgres, RedisContainer("redis:8") as redis:
    postgres.get_connection_url()
    assert redis.get_client().ping()
