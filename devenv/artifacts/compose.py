"""A Stack as a compose file: what devenv itself runs, and what works for someone without devenv; reads no disk.

Rules of the format are the compose specification's; `$` is doubled because Compose interpolates every string.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from devenv.artifacts.names import (
    DATA_LABEL,
    HASH_LABEL,
    PATH_LABEL,
    PROJECT_LABEL,
    SERVICE_LABEL,
    image_of,
    setup_names,
    variable,
    volume_key,
    volume_name,
)
from devenv.artifacts.ports import numbers
from devenv.artifacts.yaml import Block, Quoted, dump
from devenv.stack import Bindings, File, Ref, Service, Stack, Text, Volume, bind, references

Document = dict[str, Any]

_OWN_START_INTERVAL = "10s"
"""Where devenv waits it asks from outside: a check inside starts a process and slows the start it waits for."""


@dataclass(frozen=True, slots=True)
class Target:
    """For whom a compose file is: this machine's own (bound ports, ownership labels), or a team's (`bindings` None).

    `root` is the way from the file's folder to the project's. A copy (`original` is the project that it is of) has no
    network of its own where no service speaks to another: making and removing one takes longer than making a container.
    `images` are those with another name here, and `cache` is where builds keep their layers, as BuildKit's `type=…`.
    """

    project: str
    root: str = "."
    path: str | None = None
    bindings: Bindings | None = None
    original: str = ""
    images: Mapping[str, str] = field(default_factory=dict)
    cache: str = ""


def render(stack: Stack, target: Target) -> str:
    """The compose file's text, without its header."""
    return dump(document(stack, target))


def document(stack: Stack, target: Target) -> Document:
    """The compose file as a value."""
    result: Document = {"name": target.project, "services": {}}
    hosts, profiles = _hosts(stack, target), _profiles(stack)
    alone = target.original and not any(service.needs for service in stack)
    for service in stack:
        entries = _entries(stack, service, target, hosts)
        if alone:
            entries[service.name]["network_mode"] = "bridge"
        if target.bindings is not None:
            for name, entry in entries.items():
                entry["labels"] = _labels(target, name, entry, service)
        elif profiles[service.name]:
            for entry in entries.values():
                entry["profiles"] = [Quoted(_literal(profile)) for profile in sorted(profiles[service.name])]
        result["services"].update(entries)
    if volumes := _volumes(stack, target):
        result["volumes"] = volumes
    if target.bindings is not None and not alone:
        result["networks"] = {"default": {"labels": _owner(target)}}
    if configs := _configs(stack):
        result["configs"] = configs
    return result


def _literal(text: str) -> str:
    return text.replace("$", "$$")


def _reference(ref: Ref) -> str:
    """A reference as the network sees it; a secret is an interpolated variable, so that it is not in the file."""
    if ref.kind == "secret":
        name = variable(ref.service, ref.name)
        return f"${{{name}?set it in .env}}"
    return ref.service if ref.kind == "host" else ref.name


def _string(text: Text) -> Quoted:
    return Quoted(bind(text, _reference, _literal))


def _strings(texts: Iterable[Text]) -> list[Quoted]:
    return [_string(text) for text in texts]


def _entries(
    stack: Stack, service: Service, target: Target, hosts: Mapping[tuple[str, int], str]
) -> dict[str, Document]:
    """The service, and before it the one-shot services of its setup, each waiting for the one before."""
    base = _base(stack, service, target)
    result: dict[str, Document] = {}
    needs = _depends(stack, service)
    for name, command in zip(setup_names(service), service.setup, strict=True):
        entry = {**base, "command": _strings(command), "depends_on": dict(needs)}
        result[name] = {key: value for key, value in entry.items() if value}
        needs[name] = {"condition": "service_completed_successfully"}
    entry = base | {"depends_on": needs, "ports": _ports(service, hosts)}
    if service.health:
        entry["healthcheck"] = {
            "test": ["CMD", *_strings(service.health.command)],
            "start_interval": service.health.start_interval if target.bindings is None else _OWN_START_INTERVAL,
            "start_period": "2m",
            "interval": "15s",
            "timeout": "10s",
            "retries": 5,
        }
    result[service.name] = {key: value for key, value in entry.items() if value}
    return result


def _base(stack: Stack, service: Service, target: Target) -> Document:
    image = image_of(stack, service, target.project)
    entry: Document = {"image": Quoted(_literal(target.images.get(image, image)))}
    if service.build:
        entry["build"] = _build(service, target, image)
    if service.command is not None:
        entry["command"] = _strings(service.command)
    entry |= {
        "user": Quoted(service.user) if service.user else None,
        "environment": {name: _string(text) for name, text in service.env},
        "volumes": [_volume(service, volume) for volume in service.volumes]
        + [_mount(file, target) for file in service.files if file.source],
        "configs": [
            {"source": _config(service, index), "target": Quoted(_literal(file.path))}
            for index, file in enumerate(service.files)
            if not file.source
        ],
        "shm_size": service.shm_size,
        "stop_grace_period": service.stop_grace if service.stop_grace != "10s" else None,
    }
    return entry


def _build(service: Service, target: Target, image: str) -> Document:
    assert service.build is not None
    build = service.build
    context = target.root if build.context in (".", "./") else f"{target.root}/{build.context}"
    entry = {
        "context": Quoted(_literal(context)),
        "dockerfile": Quoted(_literal(build.dockerfile)),
        "target": Quoted(_literal(build.target)) if build.target else None,
        "args": {name: _string(text) for name, text in build.args},
        **_cache(target, image.removeprefix(f"{target.project}-")),
    }
    return {key: value for key, value in entry.items() if value}


def _cache(target: Target, scope: str) -> Document:
    """Where a build looks for layers and leaves its own: every image has a place for itself in GitHub's cache."""
    if not target.cache:
        return {}
    place = _literal(target.cache)
    if place.startswith("type=gha") and "scope=" not in place:
        place += f",scope={scope}"
    return {"cache_from": [Quoted(place)], "cache_to": [Quoted(f"{place},mode=max")]}


def _volume(service: Service, volume: Volume) -> Quoted | Document:
    path = Quoted(_literal(volume.path))
    if volume.memory:
        return {"type": "tmpfs", "target": path}
    return Quoted(f"{volume_key(service.name, volume.name)}:{path}")


def _mount(file: File, target: Target) -> Document:
    source = Quoted(_literal(f"{target.root}/{file.source}"))
    return {"type": "bind", "source": source, "target": Quoted(_literal(file.path)), "read_only": True}


def _hosts(stack: Stack, target: Target) -> dict[tuple[str, int], str]:
    """The host port of each published one; unbound a variable with a default, and no default twice."""
    if target.bindings is not None:
        return {key: str(number) for key, number in target.bindings.ports.items()}
    return {key: f"${{{variable(key[0], f'port_{key[1]}')}:-{number}}}" for key, number in numbers(stack).items()}


def _profiles(stack: Stack) -> dict[str, set[str]]:
    """The profiles with which each service starts, none for always: what a service needs starts with it."""
    result = {service.name: {service.profile} if service.profile else set() for service in stack}
    for service in reversed(stack.services):
        for name in service.needs:
            both = result[service.name] and result[name]
            result[name] = result[service.name] | result[name] if both else set()
    return result


def _ports(service: Service, hosts: Mapping[tuple[str, int], str]) -> list[Quoted]:
    return [Quoted(f"127.0.0.1:{hosts[service.name, port.container]}:{port.container}") for port in service.ports]


def _depends(stack: Stack, service: Service) -> Document:
    return {
        name: {"condition": "service_healthy" if stack[name].health else "service_started"} for name in service.needs
    }


def _volumes(stack: Stack, target: Target) -> Document:
    result: Document = {}
    for service in stack:
        for volume in (each for each in service.volumes if not each.memory):
            labels = _owner(target)
            if labels and service.data_version and not volume.disposable:
                labels[DATA_LABEL] = Quoted(service.data_version)
            entry: Document = {"labels": labels} if labels else {}
            if target.original and volume.disposable:  # what one has warmed up is for all
                name = volume_name(target.original, service.name, volume.name)
                entry = {"name": Quoted(name), "external": True}
            result[volume_key(service.name, volume.name)] = entry
    return result


def _config(service: Service, index: int) -> str:
    return f"{service.name}.{index}"


def _configs(stack: Stack) -> Document:
    return {
        _config(service, index): {"content": Block(bind(file.content, _reference, _literal))}
        for service in stack
        for index, file in enumerate(service.files)
        if not file.source
    }


def _owner(target: Target) -> dict[str, Quoted]:
    if target.bindings is None:
        return {}
    return {PROJECT_LABEL: Quoted(target.project), PATH_LABEL: Quoted(_literal(target.path or ""))}


def _labels(target: Target, name: str, entry: Document, service: Service) -> dict[str, Quoted]:
    assert target.bindings is not None
    own = {name: image for image, name in target.images.items()}
    image = Quoted(own.get(entry["image"], entry["image"]))  # a container is the same, whoever its image came from
    digest = fingerprint({**entry, "image": image}, service, target.bindings)
    return {**_owner(target), SERVICE_LABEL: Quoted(name), HASH_LABEL: Quoted(digest)}


def fingerprint(entry: Mapping[str, Any], service: Service, bindings: Bindings) -> str:
    """A hash of all that makes a container what it is: its entry, the text of its files and the secrets it is given.

    How it is built is left out: a changed Dockerfile shows as another image.
    """
    ours = {key: value for key, value in entry.items() if key not in ("build", "depends_on", "profiles")}
    files = [bind(file.content, _reference) for file in service.files]
    used = sorted(
        {(ref.service, ref.name) for text in _texts(service) for ref in references(text) if ref.kind == "secret"}
    )
    private = [bindings.secrets[key] for key in used]
    return hashlib.sha256(json.dumps([ours, files, private], sort_keys=True).encode()).hexdigest()[:16]


def _texts(service: Service) -> Iterable[Text]:
    yield from (text for _, text in service.env)
    yield from (file.content for file in service.files)
    yield from service.command or ()
    for command in service.setup:
        yield from command
