"""The docker CLI's command line for an endpoint, for what needs a terminal; runs nothing."""

from __future__ import annotations

from devenv.engines.compose.endpoint import Endpoint


def docker(endpoint: Endpoint) -> list[str]:
    """`docker`, told which engine to speak to."""
    if endpoint.context:
        return ["docker", "--context", endpoint.context]
    return ["docker", "--host", endpoint.url]
