"""What is really there: the project's containers and volumes as the engine reports them; changes nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from devenv.artifacts.names import DATA_LABEL, HASH_LABEL, PATH_LABEL, PROJECT_LABEL, SERVICE_LABEL
from devenv.engines.compose.api import Api
from devenv.project import Project

_EXIT = re.compile(r"Exited \((-?\d+)\)")


@dataclass(frozen=True, slots=True)
class Container:
    """One container of the project. `service` is the compose service's name."""

    id: str
    name: str
    service: str
    state: str  # created running paused restarting removing exited dead
    exit_code: int | None
    hash: str
    image_id: str
    path: str

    @property
    def running(self) -> bool:
        """Whether its process runs."""
        return self.state in ("running", "restarting")


@dataclass(frozen=True, slots=True)
class DataVolume:
    """One volume of the project; `created` changes when it is made anew."""

    name: str
    created: str
    data_version: str


def labels(project: Project) -> list[str]:
    """What an engine object carries that is this project's: its id, and the path, should two ids ever be the same."""
    return [f"{PROJECT_LABEL}={project.id}", f"{PATH_LABEL}={project.label}"]


def everyones(api: Api, project: Project) -> dict[str, list[Container]]:
    """Every container that carries the project's id, whatever path it carries; by service, the newest first."""
    found = api.get("/containers/json", all=True, filters={"label": labels(project)[:1]})
    result: dict[str, list[Container]] = {}
    for item in sorted(found, key=lambda item: -int(item["Created"])):
        container = _container(item)
        result.setdefault(container.service, []).append(container)
    return result


def observe(api: Api, project: Project) -> dict[str, list[Container]]:
    """The project's own containers, by service, the newest first."""
    own = {
        service: [container for container in containers if container.path == project.label]
        for service, containers in everyones(api, project).items()
    }
    return {service: containers for service, containers in own.items() if containers}


def volumes(api: Api, project: Project) -> dict[str, DataVolume]:
    """Every volume that carries the project's labels, by name."""
    found = api.get("/volumes", filters={"label": labels(project)})
    return {
        item["Name"]: DataVolume(
            item["Name"], item.get("CreatedAt", ""), (item.get("Labels") or {}).get(DATA_LABEL, "")
        )
        for item in found.get("Volumes") or []
    }


def _container(item: Mapping[str, Any]) -> Container:
    labels = item["Labels"]
    match = _EXIT.match(item.get("Status", ""))
    return Container(
        id=item["Id"],
        name=(item["Names"] or ["/"])[0].removeprefix("/"),
        service=labels.get(SERVICE_LABEL, ""),
        state=item["State"],
        exit_code=int(match[1]) if match else None,
        hash=labels.get(HASH_LABEL, ""),
        image_id=item["ImageID"],
        path=labels.get(PATH_LABEL, ""),
    )
