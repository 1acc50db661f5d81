"""A service's layout, with what only the engine knows of its base images; decides nothing."""

from __future__ import annotations

from devenv import layouts
from devenv.engines.compose.api import Api, ApiError
from devenv.layout.image import ImageFacts
from devenv.layout.read import Layout
from devenv.project import Project
from devenv.stack import Bindings, Service


def layout_of(api: Api, project: Project, service: Service, bindings: Bindings) -> Layout:
    """Read the Dockerfile of a service. Raises `DevenvError` for what can't be read or built."""

    def facts(image: str) -> ImageFacts | None:
        """What the engine says of a base image that it has."""
        try:
            config = api.get(f"/images/{image}/json")["Config"] or {}
        except ApiError:
            return None
        pairs = (entry.partition("=") for entry in config.get("Env") or ())
        return ImageFacts(
            workdir=config.get("WorkingDir") or "/",
            user=config.get("User") or "",
            env={name: text for name, _, text in pairs},
            onbuild=tuple(config.get("OnBuild") or ()),
            entrypoint=tuple(config.get("Entrypoint") or ()),
            command=tuple(config.get("Cmd") or ()),
        )

    return layouts.layout_of(project, service, bindings, facts)
