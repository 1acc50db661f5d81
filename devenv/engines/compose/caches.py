"""The caches that copies of a project share with it: volumes of the original, made by whoever needs them first."""

from __future__ import annotations

from collections.abc import Iterable

from devenv.artifacts.names import PATH_LABEL, PROJECT_LABEL, volume_key, volume_name
from devenv.engines.compose.api import Api
from devenv.project import Project
from devenv.stack import Service


def provide(api: Api, project: Project, services: Iterable[Service]) -> None:
    """Make what is missing of them, as the original's `up` would; what is there stays as it is."""
    original = project.original
    if original is None or project.lasting:
        return
    for service in services:
        for volume in (each for each in service.volumes if each.disposable):
            labels = {
                PROJECT_LABEL: original.id,
                PATH_LABEL: original.label,
                # By these Compose knows a volume for its own (its docs, "labels").
                "com.docker.compose.project": original.id,
                "com.docker.compose.volume": volume_key(service.name, volume.name),
            }
            name = volume_name(original.id, service.name, volume.name)
            api.post("/volumes/create", {"Name": name, "Labels": labels})
