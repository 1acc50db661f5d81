"""Removing all that the engine has of a project, data too; for copies of projects, which hold nothing to be missed."""

from __future__ import annotations

import time
from typing import Any

from devenv.engines.compose.api import Api, ApiError
from devenv.engines.compose.observe import labels
from devenv.engines.compose.parallel import in_parallel
from devenv.errors import EngineError
from devenv.project import Project

_PATIENCE = 60.0
"""Seconds in which the engine has removed everything, or keeps it."""
_AGAIN = 0.1


def discard(api: Api, project: Project) -> None:
    """Remove containers, networks, volumes and built images until none is there. Raises `EngineError`."""
    deadline = time.monotonic() + _PATIENCE
    while there := _everything(api, project):
        if time.monotonic() > deadline:
            raise EngineError(f"the engine does not remove {', '.join(sorted(there))}")
        for kind in ("containers", "networks", "volumes", "images"):  # what is used is removed after its users
            found = [path for path in there if path.startswith(f"/{kind}/")]
            if any(in_parallel(lambda path: _remove(api, path), found)):
                time.sleep(_AGAIN)  # it is being removed already, or was just about to be used


def _everything(api: Api, project: Project) -> list[str]:
    """The paths of all that carries the project's labels, and of images by their name."""
    ours = {"label": labels(project)}
    asked: list[tuple[str, dict[str, Any]]] = [
        ("/containers/json", {"all": True, "filters": ours}),
        ("/networks", {"filters": ours}),
        ("/volumes", {"filters": ours}),
        ("/images/json", {"filters": {"reference": [f"{project.id}-*"]}}),
    ]
    containers, networks, volumes, images = in_parallel(lambda question: api.get(question[0], **question[1]), asked)
    return [
        *(f"/containers/{item['Id']}" for item in containers),
        *(f"/networks/{item['Id']}" for item in networks),
        *(f"/volumes/{item['Name']}" for item in volumes.get("Volumes") or ()),
        *(f"/images/{tag}" for item in images for tag in item.get("RepoTags") or ()),
    ]


def _remove(api: Api, path: str) -> bool:
    """Remove one thing; whether it has to be tried again."""
    query = {"force": True, "v": True} if path.startswith("/containers/") else {}
    try:
        api.delete(path, **query)
    except ApiError as error:
        if error.status not in (403, 409):  # a network with an endpoint, a removal in progress, a volume in use
            raise
        return True
    return False
