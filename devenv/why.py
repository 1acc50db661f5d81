"""The verb `why`: what becomes of a changed file, from the manifest and the Dockerfile alone; asks no engine."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from devenv.errors import InputError
from devenv.layout.image import Facts, nothing_known
from devenv.layout.read import Layout
from devenv.layout.summary import FileAnswer, FolderAnswer, answer
from devenv.layouts import layout_of, telling_env
from devenv.project import Project
from devenv.stack import Service
from devenv.workflow import Session


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said of one path as one build sees it.

    `apps` run the image. `restart` says that their process must be restarted to see a synced file; `reloads` is the
    command that takes it up by itself, empty where none is known.
    """

    apps: tuple[str, ...]
    path: str
    dockerfile: str
    found: FileAnswer | FolderAnswer
    restart: bool
    reloads: str = ""


def why(session: Session, paths: Sequence[Path], facts: Facts = nothing_known) -> list[Answer]:
    """The answers for paths as the user typed them, each for every image whose context it is in.

    Raises InputError where no app is built, or a path is in no build context; ManifestError.
    """
    stack = session.stack()
    bindings = session.project.state.bindings()
    groups: dict[object, list[Service]] = {}
    for service in stack:
        if service.build:
            what = service.build, service.command, service.reload, telling_env(service)
            groups.setdefault(what, []).append(service)
    if not groups:
        hint = "`devenv why` explains what the Dockerfile under `build` does with a file"
        raise InputError("no app of this project is built here", where=str(session.project.manifest), hint=hint)
    layouts = [(services, layout_of(session.project, services[0], bindings, facts)) for services in groups.values()]
    return [each for path in paths for each in _answers(session.project, layouts, path)]


def _answers(project: Project, layouts: Sequence[tuple[list[Service], Layout]], path: Path) -> list[Answer]:
    result = []
    for services, layout in layouts:
        relative = _relative(path, layout.tree.root)
        if relative is not None:
            restart = services[0].reload.restart
            reloads = layout.reload.shown if layout.reload else ""
            apps = tuple(service.name for service in services)
            must = not reloads if restart is None else restart
            shown = os.path.relpath(layout.tree.root / layout.dockerfile, project.root)
            result.append(Answer(apps, relative, shown, answer(layout, relative), must, reloads))
    if not result:
        contexts = ", ".join(sorted({f"`{services[0].build.context}`" for services, _ in layouts if services[0].build}))
        raise InputError(f"`{path}` is not in a build context", hint=f"an image is built from: {contexts}")
    return result


def _relative(path: Path, root: Path) -> str | None:
    """A typed path as one of the context, its own link not followed; None where it lies outside."""
    absolute = Path.cwd() / path
    parent = absolute.parent.resolve() if absolute.name not in ("", "..") else absolute.resolve()
    full = parent / absolute.name if absolute.name not in ("", "..") else parent
    try:
        relative = full.relative_to(root.resolve()).as_posix()
    except ValueError:
        return None
    return "" if relative == "." else relative
