"""The Docker Engine API, as little of it as observing and starting need; decides nothing.

A local socket is spoken to directly: importing the SDK takes longer than a whole command that changes nothing. Every
other address (TCP with TLS, SSH, a context of another machine) is the SDK's job, which knows them all.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import IO, Any
from urllib.parse import quote, urlencode

from devenv.engines.compose.endpoint import Endpoint
from devenv.engines.compose.http import Response, request
from devenv.errors import EngineError, EngineUnavailableError

VERSION = "v1.44"
"""Engine 25, of January 2024: the oldest that knows a health check's start interval."""


class ApiError(EngineError):
    """The engine answered with an error; `status` is its HTTP status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"the Docker engine refused: {message}")
        self.status = status
        self.reason = message


class Api:
    """Calls to one engine; safe to use from several threads, since every call has its own connection."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint

    def get(self, path: str, /, timeout: float = 30.0, **query: Any) -> Any:
        """The JSON answer of a GET."""
        return self._json("GET", path, query, None, timeout)

    def find(self, path: str, /) -> Any:
        """As `get`; None for what is not there."""
        try:
            return self.get(path)
        except ApiError as error:
            if error.status != 404:
                raise
            return None

    def post(self, path: str, /, body: Any = None, timeout: float = 60.0, **query: Any) -> Any:
        """The JSON answer of a POST, None where it has none."""
        return self._json("POST", path, query, body, timeout)

    def put(self, path: str, data: bytes | IO[bytes], /, timeout: float = 60.0, **query: Any) -> None:
        """PUT of an archive. Its empty answer is not read: the engine closes on the padding that it did not read."""
        with self.stream("PUT", path, data, timeout=timeout, **query):
            pass

    def delete(self, path: str, /, **query: Any) -> None:
        """DELETE, content with what is gone already."""
        try:
            self._json("DELETE", path, query, None, 60.0)
        except ApiError as error:
            if error.status != 404:
                raise

    @contextlib.contextmanager
    def stream(
        self, method: str, path: str, body: Any = None, /, timeout: float | None = None, **query: Any
    ) -> Iterator[Response]:
        """An open response, to be read as it comes; `timeout` bounds each wait for bytes, in seconds."""
        response, close = self._open(method, path, query, body, timeout)
        try:
            if response.status >= 400:
                raise ApiError(response.status, _message(response.read()))
            yield response
        finally:
            close()

    def _json(self, method: str, path: str, query: dict[str, Any], body: Any, timeout: float) -> Any:
        with self.stream(method, path, body, timeout=timeout, **query) as response:
            data = response.read()
        return json.loads(data) if data.strip() else None

    def _open(self, method: str, path: str, query: dict[str, Any], body: Any, timeout: float | None) -> Any:
        text = {key: value if isinstance(value, str) else json.dumps(value) for key, value in query.items()}
        target = f"/{VERSION}{quote(path)}" + (f"?{urlencode(text)}" if text else "")
        archive = isinstance(body, bytes) or hasattr(body, "read")
        data = body if archive else json.dumps(body).encode() if body is not None else b""
        headers = {"Content-Type": "application/x-tar" if archive else "application/json"}
        if self.endpoint.socket is None:
            from devenv.engines.compose import remote

            return remote.request(self.endpoint, method, target, data, headers, timeout)
        try:
            response = request(self.endpoint.socket, method, target, data, headers, timeout)
        except OSError as error:
            raise unavailable(self.endpoint, error) from error
        return response, response.close


def unavailable(endpoint: Endpoint, error: Exception) -> EngineError | EngineUnavailableError:
    """The failure to show when an engine can't be spoken to."""
    where = f"{endpoint.url} ({endpoint.origin})"
    if isinstance(error, FileNotFoundError):
        hint = "start Docker (Docker Desktop, `systemctl start docker`), or install it: Docker Engine with Compose v2"
        return EngineUnavailableError("no Docker engine is there", where=where, hint=hint)
    if isinstance(error, PermissionError):
        hint = "add yourself to the group `docker` and log in again: sudo usermod -aG docker $USER"
        return EngineUnavailableError("no permission to use the Docker engine", where=where, hint=hint)
    if isinstance(error, ConnectionRefusedError):
        hint = "start Docker (Docker Desktop, `systemctl start docker`)"
        return EngineUnavailableError("the Docker engine is not running", where=where, hint=hint)
    if isinstance(error, TimeoutError):
        return EngineError("the Docker engine did not answer in time", where=where)
    hint = "see whether `docker version` answers"
    return EngineUnavailableError(f"the Docker engine can't be reached: {error}", where=where, hint=hint)


def _message(body: bytes) -> str:
    try:
        return str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return body.decode(errors="replace").strip() or "no reason given"
