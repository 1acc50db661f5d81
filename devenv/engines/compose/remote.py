"""Engines that are not behind a local socket, by way of the Docker SDK: TCP, TLS, SSH and contexts."""

from __future__ import annotations

from collections.abc import Callable
from typing import IO, Any

from devenv.engines.compose.endpoint import Endpoint


def request(
    endpoint: Endpoint,
    method: str,
    target: str,
    data: bytes | IO[bytes],
    headers: dict[str, str],
    timeout: float | None,
) -> tuple[Any, Callable[[], None]]:
    """One call; gives an open response and what closes it. Raises as `api.unavailable` says."""
    import docker
    import docker.errors
    import requests

    from devenv.engines.compose.api import unavailable

    if not isinstance(data, bytes):
        data.seek(0)
    try:
        client = _client(endpoint, timeout)
        # The SDK keeps its session's URL and adapters, which is all that is needed of it here.
        response = client.request(
            method,
            f"{client.base_url}{target}",
            data=data,
            stream=True,
            timeout=timeout,
            headers=headers,
        )
    except (docker.errors.DockerException, requests.RequestException, OSError) as error:
        raise unavailable(endpoint, error) from error
    raw = response.raw
    raw.status = response.status_code

    def close() -> None:
        response.close()
        client.close()

    return raw, close


def _client(endpoint: Endpoint, timeout: float | None) -> Any:
    import docker
    from docker.utils import kwargs_from_env

    options: dict[str, Any] = {"timeout": timeout}
    if endpoint.context:
        context = docker.ContextAPI.get_context(endpoint.context)
        options["tls"] = context.TLSConfig or False
    else:
        options |= {key: value for key, value in kwargs_from_env().items() if key == "tls"}
    if endpoint.url.startswith("ssh://"):
        options["use_ssh_client"] = True
    return docker.APIClient(base_url=endpoint.url, **options)
