"""The compose file and its variables, written where they differ from what was written last; starts nothing."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path

from devenv.artifacts import MARKER
from devenv.artifacts.compose import Document, Target, document
from devenv.artifacts.dotenv import dotenv
from devenv.artifacts.files import write
from devenv.artifacts.names import variables
from devenv.errors import DevenvError
from devenv.project import Project
from devenv.stack import Bindings, Stack

COMPOSE_FILE = "compose.yaml"
VARIABLES_FILE = "compose.env"

BUILD_CACHE = "DEVENV_BUILD_CACHE"
"""Where builds keep layers beyond this machine: `type=gha` in GitHub's workflows, `type=registry,ref=…` anywhere."""


def files(project: Project) -> tuple[Path, Path]:
    """The compose file, and the dotenv file with the values that are private."""
    return project.generated / COMPOSE_FILE, project.state.folder / VARIABLES_FILE


def render(project: Project, stack: Stack, bindings: Bindings, images: Mapping[str, str] | None = None) -> Document:
    """The compose document of a stack, with other names for some `images`.

    Raises `DevenvError` where it can't be written.
    """
    file, _ = files(project)
    root = str(project.root) if project.original else ".."
    original = project.original.id if project.original else ""
    cache = os.environ.get(BUILD_CACHE, "")
    target = Target(project.id, root, project.label, bindings, original, images or {}, cache)
    rendered = document(stack, target)
    secrets = dotenv(variables(stack, bindings))
    digest = hashlib.sha256(json.dumps([rendered, secrets], sort_keys=True).encode()).hexdigest()
    if project.state.load("rendered") == digest and file.is_file():
        return rendered
    from devenv.artifacts.yaml import dump

    where = project.state.write(VARIABLES_FILE, secrets)
    header = f"# {MARKER}; edit that\n# docker compose --env-file {where} -f {COMPOSE_FILE} ps\n"
    try:
        write(file, (header + dump(rendered)).encode())
        write(file.parent / ".gitignore", b"*\n")
    except OSError as error:
        raise DevenvError(f"can't write generated files: {error.strerror}", where=str(file)) from error
    project.state.save("rendered", digest)
    return rendered
