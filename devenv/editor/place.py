"""Where an editor works in an app's container: which folder of the host lies where, and as whom; asks no engine.

All of it is read from the manifest and the Dockerfile, so that every machine finds the same.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from devenv.artifacts.names import editor_name
from devenv.errors import InputError
from devenv.layout.image import assumed
from devenv.layout.read import Layout
from devenv.layouts import layout_of
from devenv.project import Project
from devenv.stack import Service, Stack
from devenv.state import complete_secrets

WORKSPACES = "/workspaces"
"""Where a project lies in an image that has no place for its source: the folder that editors take by themselves."""

HINT = (
    "give the Dockerfile a stage for it, with a user who has a name, a home and a shell, "
    'and name it:\n[editor]\ntarget = "dev"'
)


@dataclass(frozen=True)
class Place:
    """An app as an editor sees it.

    `source` is the folder of the host, relative to the project's. It lies at `inside`. `workdir` is the image's, at or
    below that. `user` is empty where only the image can say.
    """

    service: Service
    source: str
    inside: str
    workdir: str
    user: str
    layout: Layout | None

    def folder(self, project: Project) -> Path:
        """The folder of the host."""
        return Path(os.path.normpath(project.root / self.source))

    def is_source(self, path: str) -> bool:
        """Whether what is at a path below `source` is there on the host, and goes into the image."""
        if self.layout is None:
            return False
        tree = self.layout.tree
        below = os.path.normpath(Path(self._below, path))
        return tree.holds(below) and not tree.passing(below)

    def passes(self, path: str) -> bool:
        """Whether a path below `source` is one that never matters: bytecode, `.git`, `.devenv`."""
        return self.layout is not None and self.layout.tree.passing(path)

    @cached_property
    def _below(self) -> str:
        """`source`, relative to the build context."""
        assert self.service.build
        return os.path.relpath(self.source, self.service.build.context)


def editable(stack: Stack) -> tuple[Service, ...]:
    """The apps that an editor can work in: those that run in containers. Raises `InputError` where there are none."""
    apps = tuple(service for service in stack.contained if service.role == "app")
    if not apps:
        raise InputError(
            "no app of this project runs in a container", hint="an editor on this machine: see `devenv env`"
        )
    return apps


def service_of(app: Service) -> Service:
    """The editor's own service beside an app: its image (or the stage of `[editor] target`) and its environment."""
    build = replace(app.build, target=app.editor.target) if app.build and app.editor.target else app.build
    return Service(
        editor_name(app.name),
        "app",
        image=app.image,
        build=build,
        user=app.user,
        env=app.env,
        reload=app.reload,
        shm_size=app.shm_size,
    )


def place_of(project: Project, stack: Stack, app: Service) -> Place:
    """Where an editor works. Raises `InputError` for an image that can't be worked in, and as `layout_of`."""
    service = service_of(app)
    if service.build is None:
        folder = f"{WORKSPACES}/{stack.name}"
        return Place(service, ".", folder, folder, "", None)
    layout = layout_of(project, service, complete_secrets(stack, project.state.bindings()))
    _check(app, layout)
    below, inside = _mount(layout) or ("", layout.target.workdir)
    workdir = layout.target.workdir
    if inside == "/":
        inside = workdir = f"{WORKSPACES}/{stack.name}"
    source = os.path.normpath(Path(service.build.context, below))
    return Place(service, source, inside, workdir, _user(layout), layout)


def _user(layout: Layout) -> str:
    """The name of the image's user; "" where a base decides that nobody here knows."""
    user = layout.target.user.partition(":")[0]
    if user in ("", "0"):
        known = layout.base_image is None or assumed(layout.base_image) is not None
        return "root" if user or known else ""
    return user


def _check(app: Service, layout: Layout) -> None:
    what = f"stage `{app.editor.target}` of `{app.name}`" if app.editor.target else f"the image of `{app.name}`"
    user = layout.target.user.partition(":")[0]
    if user.isdecimal() and int(user):
        raise InputError(f"an editor can't work in {what}: its user is the number {user}, without a name", hint=HINT)
    if layout.base_image is None:
        raise InputError(f"an editor can't work in {what}: it begins from scratch, without /bin/sh", hint=HINT)


def _mount(layout: Layout) -> tuple[str, str] | None:
    """The folder of the context, and the one of the image at or above the working folder, where most files agree."""
    votes: Counter[tuple[str, str]] = Counter()
    for ruling, paths in layout.rulings(""):
        for landing in ruling.landings:
            found = _roots(ruling.path, landing.path)
            if found and f"{layout.target.workdir}/".startswith(f"{found[1]}/") and found[1]:
                votes[found] += len(paths)
    return min(votes, key=lambda found: (-votes[found], found)) if votes else None


def _roots(path: str, landing: str) -> tuple[str, str] | None:
    """What is left of both when what they have in common at their ends is taken away; None for another name."""
    here, there = path.split("/"), landing.split("/")
    common = 0
    while common < len(here) and common < len(there) and here[-1 - common] == there[-1 - common]:
        common += 1
    if not common:
        return None
    return "/".join(here[: len(here) - common]), "/".join(there[: len(there) - common])
