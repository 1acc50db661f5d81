"""`parity`: what runs in development against the production image, built from the files as they are now.

The image gets a name of its own, which is gone at the end; containers and images in use are only looked at.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from devenv.artifacts.names import image_of
from devenv.engines.compose import picture
from devenv.engines.compose.drive import driver
from devenv.engines.compose.layouts import layout_of
from devenv.engines.compose.observe import observe
from devenv.engines.compose.render import files, render
from devenv.errors import EngineError, InputError
from devenv.events import Phase, ServicePhase
from devenv.layout.parity import Declared, Difference, compare, hidden
from devenv.stack import Bindings, Service, Stack
from devenv.workflow import Session, known

_SUFFIX = "parity"


@dataclass(frozen=True, slots=True)
class Parity:
    """How one app compares: all differences, and those that nothing declares."""

    service: str
    image: str
    differences: tuple[Difference, ...]

    @property
    def undeclared(self) -> tuple[Difference, ...]:
        """What makes the comparison fail."""
        return tuple(each for each in self.differences if not each.declared)


def parity(session: Session, names: Sequence[str], *, cache: bool) -> list[Parity]:
    """Compare the named apps (all with none). `cache`: the builder may use layers that it has of the same input.

    Raises `InputError` for what is no app, `EngineError` for an app that has no container, `BuildError`.
    """
    stack = session.stack()
    for name in known(stack, names):
        if stack[name].role != "app":
            raise InputError(f"`{name}` is no app: it has no production image of this project's")
    apps = [s for s in stack if s.role == "app" and (s.name in names if names else s.profile is None)]
    with session.lock():
        bindings = session.project.state.bindings()
        observed = observe(session.compose.api, session.project)
        missing = [app.name for app in apps if app.name not in observed]
        if missing:
            raise EngineError(f"`{missing[0]}` has no container to compare", hint="run `devenv up`")
        return [_compare(session, stack, app, observed[app.name][0].id, bindings, cache=cache) for app in apps]


def _compare(
    session: Session, stack: Stack, app: Service, container: str, bindings: Bindings, *, cache: bool
) -> Parity:
    api = session.compose.api
    image = image_of(stack, app, session.project.id)
    name, base = image, None
    if app.build:
        base = layout_of(api, session.project, app, bindings).base_image
        name = f"{image}-{_SUFFIX}"
        _build(session, stack, app, name, bindings, cache=cache)
    try:
        production, development = picture.of_both(api, session.project, name, container, base)
    finally:
        if app.build:
            api.delete(f"/images/{name}", noprune=True)
    declared = _declared(app)
    found = compare(production, development, declared)
    for mount in hidden(production.tree, development.mounts):
        key = declared.paths.get(mount, "")
        found.append(Difference("mount", mount, "the image's own files", "hidden by what is mounted there", key))
    return Parity(app.name, image, tuple(found))


def _build(session: Session, stack: Stack, app: Service, name: str, bindings: Bindings, *, cache: bool) -> None:
    """Build the app's image under another name, by the same compose file."""
    render(session.project, stack, bindings)
    file, variables = files(session.project)
    overlay = session.project.state.write("parity.json", json.dumps({"services": {app.name: {"image": name}}}))
    session.reporter.emit(ServicePhase(app.name, Phase.BUILDING, "the production image, to compare with"))
    compose = driver(session.compose.api.endpoint, session.project.id, file, variables, builds=True)
    compose.over(overlay).build(app.name, session.reporter, cache=cache)


def _declared(app: Service) -> Declared:
    """What the manifest itself asks for beyond the image."""
    settings: dict[str, str] = {f"env {name}": "env" for name, _ in app.env}
    settings |= {f"port {port.container}/tcp": "ports" for port in app.ports}
    settings |= {f"volume {volume.path}": "volumes" for volume in app.volumes}
    if app.command is not None:
        settings["command"] = "command"
    if app.health is not None:
        settings["healthcheck"] = "ready"
    if app.user is not None:
        settings["user"] = "user"
    paths = {file.path: "files" for file in app.files} | {volume.path: "volumes" for volume in app.volumes}
    return Declared(settings, paths)
