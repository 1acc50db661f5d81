"""The app's images: whether what they were built from has changed, and building them; knows no container."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from devenv.artifacts.names import image_of
from devenv.engines.compose.api import Api
from devenv.errors import DevenvError, InputError
from devenv.layout.context import Index, changed, index
from devenv.project import Project
from devenv.reload.difference import Change, Held, differences
from devenv.reload.plan import Action, Ruled, plan, told
from devenv.reload.rules import Rules
from devenv.several import first_few
from devenv.stack import Bindings, Service, Stack, Vantage, bind

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Image:
    """An app's image. `stale` says in words why it must be built, and is empty where it need not be.

    `base` is the context that it was built from, `index` what is there now; `lacking` is what differs, where all of it
    can be sent to containers.
    """

    name: str
    service: str
    settings: str
    base: Index
    index: Index
    id: str | None
    stale: str
    lacking: tuple[Ruled, ...] = ()

    @property
    def drift(self) -> str:
        """Stands for what a container holds that its image does not; empty where that is nothing."""
        if not self.lacking:
            return ""
        parts = [f"{each.change.path}\0{each.change.after}" for each in self.lacking]
        return hashlib.sha256("\0".join(parts).encode(errors="surrogateescape")).hexdigest()[:16]


def survey(
    api: Api,
    project: Project,
    stack: Stack,
    services: Iterable[Service],
    bindings: Bindings,
    rules: Callable[[str], Rules],
) -> list[Image]:
    """Every image that the services build, compared with what it was built from.

    The content of the build context decides, never a time stamp or an event. `rules` reads an app's layout; it is asked
    only where something has changed, since that takes its time. Raises `DevenvError` for a context or a Dockerfile that
    can't be read.
    """
    result: dict[str, Image] = {}
    for service in services:
        name = image_of(stack, service, project.id)
        if service.build and name not in result:
            apps = [other for other in stack if other.build == service.build]
            result[name] = _compare(api, project, name, apps, bindings, rules)
    return list(result.values())


def remember(api: Api, project: Project, image: Image) -> Image:
    """Note what the image was just built from."""
    found: str = api.get(f"/images/{image.name}/json")["Id"]
    record = {"settings": image.settings, "id": found, "index": image.index.to_json()}
    project.state.save(_record(image.name), record)
    return replace(image, id=found, base=image.index, stale="", lacking=())


def place(project: Project, service: Service) -> tuple[Path, Path]:
    """The folder that is sent to the builder, and the Dockerfile. Raises `InputError` where they are not there."""
    assert service.build is not None
    build = service.build
    context = project.root / build.context
    if not (context / build.dockerfile).is_file():
        what = f"`{build.dockerfile}`" if context.is_dir() else f"the folder `{build.context}`"
        hint = "`build` names the folder of the Dockerfile, relative to the manifest"
        raise InputError(f"`{service.name}` can't be built: {what} is not there", where=str(context), hint=hint)
    return context, context / build.dockerfile


def settings_of(service: Service, bindings: Bindings) -> str:
    """Stands for all that a build depends on besides the context's content."""
    assert service.build is not None
    build = service.build
    parts = [build.context, build.dockerfile, build.target, arguments(service, bindings)]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def arguments(service: Service, bindings: Bindings) -> dict[str, str]:
    """The build's arguments as the builder gets them."""
    value = bindings.resolver(Vantage.NETWORK)
    return {arg: bind(text, value) for arg, text in service.build.args} if service.build else {}


def known(api: Api, project: Project, name: str, service: Service, bindings: Bindings) -> Image:
    """An image and what it was built from, without a look at what is there now. `stale` where it must be built."""
    record: dict[str, Any] = project.state.load(_record(name)) or {}
    image = _known(api, name, service, bindings, record)
    if not image.stale and image.id != record.get("id"):
        return replace(image, stale="it was built anew")
    return image


def _known(api: Api, name: str, service: Service, bindings: Bindings, record: dict[str, Any]) -> Image:
    before = _index(record)
    settings = settings_of(service, bindings)
    base = before or Index({})
    found = api.find(f"/images/{name}/json")
    image = Image(name, service.name, settings, base, base, found["Id"] if found else None, "")
    if image.id is None:
        return replace(image, stale="there is no image yet")
    if before is None:
        return replace(image, stale="it was not built by this devenv")
    if record.get("settings") != settings:
        return replace(image, stale="its build settings changed")
    return image


def _compare(
    api: Api,
    project: Project,
    name: str,
    apps: Sequence[Service],
    bindings: Bindings,
    rules: Callable[[str], Rules],
) -> Image:
    service = apps[0]
    context, dockerfile = place(project, service)
    record: dict[str, Any] = project.state.load(_record(name)) or {}
    image = _known(api, name, service, bindings, record)
    before = image.base
    now = index(context, dockerfile, before)
    image = replace(image, index=now)
    if image.stale:
        return image
    changes = differences(Held(before.entries), now.entries)
    if not changes:
        if image.id != record.get("id"):
            project.state.save(_record(name), {**record, "id": image.id})
        elif before != now:  # only times differ: saves the reading of these files the next time
            project.state.save(_record(name), {**record, "index": now.to_json()})
        return image
    if image.id != record.get("id"):
        return replace(image, stale=_words(changed(before, now)))
    return _judged(image, changes, (rules(app.name) for app in apps))


def _judged(image: Image, changes: list[Change], layouts: Iterable[Rules]) -> Image:
    """Whether the changes can be sent to the containers of every app instead of being built."""
    lacking: dict[Ruled, None] = {}
    try:
        for rules in layouts:
            reaction = plan(changes, rules)
            if reaction.action is Action.REBUILD:
                return replace(image, stale=f"{told(reaction.causes, _SHOWN, '`')} changed ({reaction.rule})")
            lacking |= dict.fromkeys(reaction.sync)
    except DevenvError:  # the builder will say what is wrong, or get on with it
        return replace(image, stale=_words(changed(image.base, image.index)))
    return replace(image, lacking=tuple(lacking))


def _index(record: dict[str, Any]) -> Index | None:
    try:
        return Index.from_json(record["index"])
    except (KeyError, TypeError, ValueError):
        return None


def _record(name: str) -> str:
    return f"image-{name}"


def _words(paths: list[str]) -> str:
    if not paths:
        return "its build settings changed"
    return f"{first_few([f'`{path}`' for path in paths], _SHOWN)} changed"
