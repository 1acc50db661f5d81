"""What is to be said of the Docker engine and of Compose when somebody asks whether they are there; starts nothing."""

from __future__ import annotations

from devenv.engines.compose import drive
from devenv.engines.compose.api import Api
from devenv.engines.compose.endpoint import find


def engine() -> str:
    """The engine's version and address. Raises `DevenvError` where none answers, or one that is too old."""
    endpoint = find()
    version = Api(endpoint).get("/version", timeout=10.0).get("Version", "")
    return f"Docker Engine {version} at {endpoint.url} ({endpoint.origin})"


def compose() -> str:
    """The version of the Compose plugin. Raises `DevenvError` where it is missing or too old."""
    return f"Docker Compose {drive.check(find())}"
