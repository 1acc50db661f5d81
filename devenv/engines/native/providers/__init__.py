"""The servers of the native engine: one module each, and the table that says which serves what."""

from __future__ import annotations

from devenv.engines.native.providers.adminer import Adminer
from devenv.engines.native.providers.base import Server
from devenv.engines.native.providers.mail import Mail
from devenv.engines.native.providers.postgres import Postgres
from devenv.engines.native.providers.redis import Redis
from devenv.engines.native.providers.s3 import S3

SERVERS: dict[str, type[Server]] = {"postgres": Postgres, "redis": Redis, "s3": S3, "mail": Mail, "adminer": Adminer}
"""By the `provider` that a recipe names."""
