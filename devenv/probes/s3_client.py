"""One signed S3 request at a time, each over a connection of its own; must not judge what the answer means."""

from __future__ import annotations

import time
from typing import NamedTuple

from devenv.probes.connection import Connection, Deadline
from devenv.probes.http1 import authority, body, request
from devenv.probes.sigv4 import signed_headers

# RFC 3986 section 2.3, the characters that Signature Version 4 leaves unencoded too.
UNRESERVED = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"


class Account(NamedTuple):
    """Whom a request is signed for, and the region that it is meant for."""

    access_key: str
    secret_key: str
    region: str


class Service:
    """An S3 endpoint with the credentials to ask it."""

    __slots__ = ("_account", "_deadline", "_host", "_port")

    def __init__(self, account: Account, host: str, port: int, deadline: Deadline) -> None:
        """All requests together have until the deadline."""
        self._account, self._host, self._port, self._deadline = account, host, port, deadline

    def ask(self, method: str, path: str, query: str = "", content: bytes = b"") -> tuple[int, bytes]:
        """Send one request; return the status and the body. Raises NotReadyError where no answer can be had.

        path and query: percent-encoded already, the query sorted by name and with a "=" for every name.
        """
        headers = signed_headers(
            host=authority(self._host, self._port),
            path=path,
            query=query,
            access_key=self._account.access_key,
            secret_key=self._account.secret_key,
            region=self._account.region,
            when=time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()),
            method=method,
            content=content,
        )
        with Connection(self._host, self._port, self._deadline) as connection:
            target = f"{path}?{query}" if query else path
            response = request(connection, target, headers, method=method, content=content)
            return response.status, b"".join(body(connection, response))
