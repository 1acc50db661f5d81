"""The app's images: whether what they were built from has changed, and building them; knows no container."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from devenv.artifacts.names import image_of
from devenv.engines.compose.api import Api, ApiError
from devenv.errors import InputError
from devenv.layout.context import Index, changed, digest, index
from devenv.project import Project
from devenv.stack import Bindings, Service, Stack, Vantage, bind

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Image:
    """An app's image. `stale` says in words why it must be built, and is empty where it is what the sources give."""

    name: str
    service: str
    key: str
    index: Index
    id: str | None
    stale: str


def survey(api: Api, project: Project, stack: Stack, services: Iterable[Service], bindings: Bindings) -> list[Image]:
    """Every image that the services build, compared with what it was built from.

    The content of the build context decides, never a time stamp or an event. Raises `DevenvError` for a context or a
    Dockerfile that can't be read.
    """
    result: dict[str, Image] = {}
    for service in services:
        name = image_of(stack, service, project.id)
        if service.build and name not in result:
            result[name] = _compare(api, project, name, service, bindings)
    return list(result.values())


def remember(api: Api, project: Project, image: Image) -> str:
    """Note what the image was just built from; gives its id."""
    found: str = api.get(f"/images/{image.name}/json")["Id"]
    record = {"key": image.key, "id": found, "index": image.index.to_json()}
    project.state.save(_record(image.name), record)
    return found


def _compare(api: Api, project: Project, name: str, service: Service, bindings: Bindings) -> Image:
    assert service.build is not None
    build = service.build
    context = project.root / build.context
    if not (context / build.dockerfile).is_file():
        what = f"`{build.dockerfile}`" if context.is_dir() else f"the folder `{build.context}`"
        hint = "`build` names the folder of the Dockerfile, relative to the manifest"
        raise InputError(f"`{service.name}` can't be built: {what} is not there", where=str(context), hint=hint)
    record: dict[str, Any] = project.state.load(_record(name)) or {}
    before = _index(record)
    now = index(context, context / build.dockerfile, before)
    value = bindings.resolver(Vantage.NETWORK)
    args = {arg: bind(text, value) for arg, text in build.args}
    parts = [build.context, build.dockerfile, build.target, args, digest(now)]
    key = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
    image_id = _exists(api, name)
    if image_id is None:
        stale = "there is no image yet"
    elif record.get("key") != key:
        stale = _words(changed(before, now)) if before else "it was not built by this devenv"
    else:
        stale = ""
        if image_id != record.get("id"):
            project.state.save(_record(name), {**record, "id": image_id})
        elif before != now:  # only times differ: saves the reading of these files the next time
            project.state.save(_record(name), {**record, "index": now.to_json()})
    return Image(name, service.name, key, now, image_id, stale)


def _index(record: dict[str, Any]) -> Index | None:
    try:
        return Index.from_json(record["index"])
    except (KeyError, TypeError, ValueError):
        return None


def _exists(api: Api, name: str) -> str | None:
    try:
        found: str = api.get(f"/images/{name}/json")["Id"]
    except ApiError as error:
        if error.status == 404:
            return None
        raise
    return found


def _record(name: str) -> str:
    return f"image-{name}"


def _words(paths: list[str]) -> str:
    if not paths:
        return "its build settings changed"
    shown = ", ".join(f"`{path}`" for path in paths[:_SHOWN])
    more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
    return f"{shown}{more} changed"
