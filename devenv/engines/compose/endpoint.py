"""Where the Docker engine is: DOCKER_HOST, else the current context, else the default socket; opens nothing.

The rules are the docker CLI's: docs of `docker context`, "DOCKER_HOST overrides the context".
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

from devenv.errors import EngineUnavailableError

DEFAULT = "unix:///var/run/docker.sock"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An engine's address and how it was found, for messages."""

    url: str
    origin: str
    context: str | None = None

    @property
    def socket(self) -> str | None:
        """The path of a local socket; None for every other kind of address."""
        return self.url.removeprefix("unix://") if self.url.startswith("unix://") else None

    @property
    def here(self) -> bool:
        """Whether the engine, and with it its published ports, is on this machine, as far as its address tells."""
        scheme, _, rest = self.url.partition("://")
        host = rest.partition("/")[0].rpartition("@")[2]
        name = host.rpartition(":")[0] or host
        return scheme in ("unix", "npipe") or name.strip("[]") in ("localhost", "127.0.0.1", "::1")


def find() -> Endpoint:
    """The endpoint that the docker CLI would use. Raises `EngineUnavailableError` for a context that is not there."""
    if host := os.environ.get("DOCKER_HOST"):
        return Endpoint(host, "DOCKER_HOST")
    folder = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
    name = os.environ.get("DOCKER_CONTEXT") or _current_context(folder)
    if name and name != "default":
        digest = hashlib.sha256(name.encode()).hexdigest()
        meta = _json(folder / "contexts" / "meta" / digest / "meta.json")
        host = meta.get("Endpoints", {}).get("docker", {}).get("Host")
        if not host:
            message = f"the docker context `{name}` is not there"
            raise EngineUnavailableError(message, where=str(folder), hint="see `docker context ls`")
        return Endpoint(host, f"the docker context `{name}`", name)
    return Endpoint(DEFAULT, "the default")


def _current_context(folder: Path) -> str | None:
    name = _json(folder / "config.json").get("currentContext")
    return name if isinstance(name, str) else None


def _json(path: Path) -> dict[str, dict[str, dict[str, str]]]:
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
