"""The servers of the native engine: one module each, and the table that says which serves what."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from devenv.engines.native.providers.base import Server

_SERVERS = {"postgres": "Postgres", "redis": "Redis", "s3": "S3", "mail": "Mail", "adminer": "Adminer"}
"""By the `provider` that a recipe names, which is its module's name too: the class in it."""


PROVIDERS = tuple(_SERVERS)
"""All of them."""


def server_of(provider: str) -> type[Server]:
    """The kind of server that a provider is; imported when it is asked for, as a project uses few of them."""
    found: type[Server] = getattr(import_module(f"{__name__}.{provider}"), _SERVERS[provider])
    return found
