"""`generate devcontainer`: for each app what an editor needs to work in its container; nothing of it starts anything.

The files are the same on every machine. What is not, the command in `initializeCommand` writes each time before the
editor starts the container: see `devenv.editor`. The format is the Dev Container specification's.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

from devenv.artifacts import MARKER, Artifact
from devenv.artifacts.yaml import dump
from devenv.editor import file_of, stand_in
from devenv.editor.compose_file import shared
from devenv.editor.detect import customizations
from devenv.editor.place import Place, editable, place_of
from devenv.manifest.find import MANIFEST
from devenv.project import GENERATED, Project
from devenv.stack import Service, Stack
from devenv.workflow import Session

FOLDER = ".devcontainer"
FILE = "devcontainer.json"
COMPOSE = "compose.yaml"

_FORWARDED = re.compile(r"[a-z0-9-]+")
"""The host names that `forwardPorts` may have, by the specification's schema."""


def paths(session: Session) -> list[Path]:
    """Where such files are, of one app or of several."""
    root = session.project.root / FOLDER
    return [root / FILE, *sorted(root.glob(f"*/{FILE}"))]


def artifacts(session: Session) -> list[Artifact]:
    """devcontainer.json and a compose file, for one app in .devcontainer, for several in a folder each below it."""
    stack, project = session.stack(), session.project
    apps = editable(stack)
    result = []
    for app in apps:
        folder = project.root / FOLDER / (app.name if len(apps) > 1 else "")
        place = place_of(project, stack, app)
        title = stack.name if len(apps) == 1 else f"{stack.name}: {app.name}"
        value = _configuration(project, stack, app, place, folder, title)
        head = f"{MARKER}; edit that and run `devenv generate devcontainer`"
        result.append(Artifact(folder / FILE, f"// {head}\n{json.dumps(value, indent=2, ensure_ascii=False)}\n"))
        result.append(Artifact(folder / COMPOSE, f"# {head}\n{dump(shared(place))}"))
    return result


def write_beside(session: Session) -> list[Path]:
    """This machine's compose files, where there are none yet; git ignores them."""
    return stand_in(session)


def _configuration(
    project: Project, stack: Stack, app: Service, place: Place, folder: Path, title: str
) -> dict[str, Any]:
    generated = os.path.relpath(project.root / GENERATED / file_of(app.name), folder)
    own = [] if project.manifest.name == MANIFEST else ["-f", project.manifest.name]
    ports, attributes = _ports(stack, app)
    context = [project.root / place.service.build.context] if place.service.build else []
    return {
        "name": title,
        "dockerComposeFile": [generated, COMPOSE],
        "service": place.service.name,
        "workspaceFolder": place.workdir,
        **({"remoteUser": place.user} if place.user else {}),
        "updateRemoteUserUID": True,
        "overrideCommand": True,
        "shutdownAction": "none",
        "initializeCommand": ["devenv", *own, "editor", app.name],
        "forwardPorts": ports,
        "portsAttributes": attributes,
        "customizations": {"vscode": customizations([project.root, *context], app.editor)},
    }


def _ports(stack: Stack, app: Service) -> tuple[list[int | str], dict[str, Any]]:
    """The app's ports as they are in its own container, those of what it needs by their hosts; each with a label."""
    ports: list[int | str] = []
    attributes: dict[str, Any] = {}
    for service in (app, *(stack[name] for name in app.needs)):
        for port in service.ports:
            if service is not app and not _FORWARDED.fullmatch(service.name):
                continue
            key = port.container if service is app else f"{service.name}:{port.container}"
            several = len(service.ports) > 1 and port.name != str(port.container)
            label = f"{service.name} ({port.name})" if several else service.name
            ports.append(key)
            attributes[str(key)] = {"label": label, "onAutoForward": "notify" if service is app else "silent"}
    return ports, attributes
