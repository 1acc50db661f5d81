"""An editor that works inside of an app's container: `prepare` makes ready what its compose files name.

The container itself is the editor's to start. It is one of its own beside the app's, of the same image, in the same
project and network, so that `devenv up` and the editor never want the same one.
"""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

from devenv.artifacts import MARKER
from devenv.artifacts.compose import Target
from devenv.artifacts.dotenv import dotenv
from devenv.artifacts.files import read, write
from devenv.artifacts.names import HASH_LABEL
from devenv.artifacts.yaml import dump
from devenv.editor import repository
from devenv.editor.compose_file import local
from devenv.editor.place import HINT, Place, editable, place_of
from devenv.engines.compose import editor as engine
from devenv.engines.compose.editor import Interior
from devenv.engines.compose.observe import observe
from devenv.errors import DevenvError, InputError
from devenv.events import Notice
from devenv.project import Project
from devenv.stack import Bindings, Service, Stack, Vantage, environment
from devenv.workflow import HOST_APP, Session, UpOptions, known, up


def file_of(app: str) -> str:
    """The name of an app's file for this machine, in the folder of generated ones."""
    return f"editor-{app}.yaml"


def prepare(session: Session, name: str | None, timeout: float) -> Path:
    """Start what an app needs, build its image, and write the compose file of its editor's container; gives its path.

    Raises `InputError` for an image that no editor can work in, and as `up`.
    """
    stack, project = session.stack(), session.project
    app = _chosen(stack, name)
    place = place_of(project, stack, app)
    api = session.compose.api
    if app.needs:
        on_host = bool(project.state.load(HOST_APP))
        up(session, UpOptions(services=app.needs, timeout=timeout, host_app=on_host))
    bindings = session.bindings(stack)
    with session.lock():
        image, number = engine.build(api, project, stack, place.service, bindings, session.reporter)
        interior = engine.look(api, project, image, number, place.inside)
        _check(app, interior)
        for words in _remarks(app, interior):
            session.reporter.emit(Notice(words, "warning"))
        kept = _kept(project, app, place, interior, number)
        prefix = f"{project.id}_{place.service.name}-"
        engine.keep(api, project, image, kept, prefix, _owner(interior))
        digest, file = _write(project, stack, app, place, bindings, kept)
        for container in observe(api, project).get(place.service.name, ()):
            if container.hash != digest:
                words = f"the editor's container of `{app.name}` is an older one: rebuild it in the editor"
                session.reporter.emit(Notice(words, "warning"))
    return file


def stand_in(session: Session) -> list[Path]:
    """Write each app's file for this machine where there is none yet, for those who read it before `prepare` has run.

    Asks no engine. Gives the files.
    """
    stack, project = session.stack(), session.project
    missing = [app for app in editable(stack) if not (project.generated / file_of(app.name)).exists()]
    if not missing:
        return []
    bindings = session.bindings(stack)
    return [_write(project, stack, app, place_of(project, stack, app), bindings, None)[1] for app in missing]


def _chosen(stack: Stack, name: str | None) -> Service:
    apps = editable(stack)
    if name is None and len(apps) == 1:
        return apps[0]
    names = ", ".join(app.name for app in apps)
    if name is None:
        raise InputError("there are several apps", hint=f"name one of: {names}")
    known(stack, [name])
    for app in apps:
        if app.name == name:
            return app
    raise InputError(f"`{name}` is no app that runs in a container", hint=f"there are: {names}")


def _check(app: Service, interior: Interior) -> None:
    what = f"stage `{app.editor.target}` of `{app.name}`" if app.editor.target else f"the image of `{app.name}`"
    if not interior.shell:
        raise InputError(f"an editor can't work in {what}: it has no /bin/sh, or no `id`", hint=HINT)
    if not interior.user:
        raise InputError(f"an editor can't work in {what}: its user {interior.uid} has no name", hint=HINT)
    if not interior.writable:
        raise InputError(
            f"an editor can't work in {what}: its user `{interior.user}` has no home to write to ({interior.home})",
            hint=HINT,
        )


def _remarks(app: Service, interior: Interior) -> list[str]:
    """What works, but not as one may expect."""
    found = []
    if not interior.git:
        found.append(f"`{app.name}` has no git in its image: the editor can't show what changed")
    if sys.platform == "linux" and interior.uid != os.getuid() and (interior.holder or not interior.uid):
        why = f"`{interior.holder}` has your number there" if interior.holder else "nobody else is there"
        found.append(f"files that `{interior.user}` makes in the container are not yours: {why}")
    return found


def _owner(interior: Interior) -> tuple[int, int] | None:
    """Whom editors make the image's user to be, on Linux, so that files are the host user's (`updateRemoteUserUID`)."""
    if sys.platform != "linux" or not interior.uid or interior.holder or interior.uid == os.getuid():
        return None
    return os.getuid(), os.getgid()


def _kept(project: Project, app: Service, place: Place, interior: Interior, image: str) -> dict[str, str]:
    """Volumes for the folders that the image has made itself below the source: what is mounted there would hide them.

    Each image has its own. Where one is mounted there has to be a folder, which is made here: it is the host user's.
    """
    mounted = {volume.path.rstrip("/") for volume in app.volumes}
    found: dict[str, str] = {}
    for path in sorted(interior.folders):
        below = os.path.relpath(path, place.inside)
        inside_one = any(path == each or path.startswith(f"{each}/") for each in (*found.values(), *mounted))
        if inside_one or place.layout is None or place.passes(below) or place.is_source(below):
            continue
        digest = hashlib.sha256(f"{image} {path}".encode()).hexdigest()[:12]
        found[f"{project.id}_{place.service.name}-{digest}"] = path
        point = place.folder(project) / below
        try:
            point.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DevenvError(f"can't make a folder to mount: {error.strerror}", where=str(point)) from error
    return found


def _write(
    project: Project, stack: Stack, app: Service, place: Place, bindings: Bindings, kept: dict[str, str] | None
) -> tuple[str, Path]:
    """Write the private variables and the compose file where they differ; gives the container's hash and the file.

    `kept` is None before there is an image.
    """
    values = dotenv(environment(stack, app, Vantage.NETWORK, bindings))
    name = f"editor-{app.name}.env"
    variables = project.state.folder / name
    if read(variables) != values:
        project.state.write(name, values)
    target = Target(project.id, root="..", path=project.label, bindings=bindings)
    inside = place.inside if place.source == "." else str(project.root)
    mounts = repository.mounts(project.root, inside)
    ready = kept is not None
    result = local(stack, app, place, target, variables=variables, mounts=mounts, kept=kept or {}, ready=ready)
    text = f"# {MARKER}, for this machine\n{dump(result)}"
    file = project.generated / file_of(app.name)
    if read(file) != text:
        try:
            write(file, text.encode(), private=True)
            write(file.parent / ".gitignore", b"*\n")
        except OSError as error:
            raise DevenvError(f"can't write generated files: {error.strerror}", where=str(file)) from error
    return str(result["services"][place.service.name]["labels"][HASH_LABEL]), file
