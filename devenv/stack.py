"""The Stack: manifest and recipes resolved into services in start order; frozen, engine-neutral, no I/O.

The only engine-dependent value is an address, and the only private one a secret: both stay unbound `Ref`s inside
`Text`s until `bind` is told the vantage and the bindings.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Literal

Role = Literal["app", "sidecar"]


class Vantage(Enum):
    """From where an address is seen."""

    NETWORK = "network"
    HOST = "host"


@dataclass(frozen=True, slots=True)
class Ref:
    """A value that is bound late: a service's host, one of its ports (by container port), or a secret."""

    kind: Literal["host", "port", "secret"]
    service: str
    name: str = ""


Text = tuple[str | Ref, ...]
"""Literal pieces and late-bound references; joined, they are one string."""
Value = Callable[[Ref], str]


@dataclass(frozen=True, slots=True)
class Port:
    """A port that is published on 127.0.0.1; `host` is the number asked for, the bindings hold the one in use.

    Where `host` is 0 any free one will do.
    """

    name: str
    container: int
    host: int
    url: Text = ()


@dataclass(frozen=True, slots=True)
class Volume:
    """A named volume: data that survives everything but `destroy`."""

    name: str
    path: str
    disposable: bool = False  # a cache: holds no user data, so nobody is asked about it
    memory: bool = False  # a copy's: gone when its service ends


@dataclass(frozen=True, slots=True)
class File:
    """A file in the container: generated from `content`, or the project's own at `source` (relative to its root)."""

    path: str
    content: Text
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Build:
    """How to build the app's image; `context` is relative to the project's root, `dockerfile` to the context."""

    context: str = "."
    dockerfile: str = "Dockerfile"
    target: str | None = None
    args: tuple[tuple[str, Text], ...] = ()


@dataclass(frozen=True, slots=True)
class Check:
    """One question that a ready service answers: a protocol probe from outside, a command, a log line."""

    kind: str  # http tcp postgres redis s3 smtp | command log running
    port: int = 0
    params: tuple[tuple[str, Text], ...] = ()
    command: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True)
class Health:
    """The same question asked inside the container, for people who use the compose file alone."""

    command: tuple[Text, ...]
    start_interval: str = "1s"


@dataclass(frozen=True, slots=True)
class Secret:
    """A private value of a service; `value` is what the user gave, None asks for a random one per project."""

    name: str
    value: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Exemption:
    """Files of the build context, by patterns as in .dockerignore, that are treated otherwise than the image says."""

    verdict: Literal["sync", "rebuild", "ignore"]
    paths: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Reload:
    """What the manifest says about changed files; `restart` is None where the command tells."""

    exceptions: tuple[Exemption, ...] = ()
    restart: bool | None = None


@dataclass(frozen=True, slots=True)
class Editor:
    """What an editor that works inside of an app's container is given; `settings` are JSON, "" for none."""

    target: str | None = None
    extensions: tuple[str, ...] = ()
    settings: str = ""


@dataclass(frozen=True, slots=True)
class Native:
    """What serves a sidecar where it runs as a process of this machine, and what that is told.

    `path` is the user's own choice: where its program is, or `wheel` for the one from a Python package.
    """

    provider: str
    params: tuple[tuple[str, Text], ...] = ()
    path: str | None = None


@dataclass(frozen=True, slots=True)
class Service:
    """One part of the stack, complete: nothing is filled in later but references."""

    name: str
    role: Role
    image: str | None = None
    build: Build | None = None
    command: tuple[Text, ...] | None = None
    bare: tuple[Text, ...] = ()  # the command where no file can be put in; () where there is nothing to do without
    user: str | None = None
    env: tuple[tuple[str, Text], ...] = ()
    ports: tuple[Port, ...] = ()
    volumes: tuple[Volume, ...] = ()
    files: tuple[File, ...] = ()
    ready: tuple[Check, ...] = ()
    health: Health | None = None
    needs: tuple[str, ...] = ()
    setup: tuple[tuple[Text, ...], ...] = ()
    reload: Reload = Reload()
    profile: str | None = None
    secrets: tuple[Secret, ...] = ()
    exports: tuple[tuple[str, Text], ...] = ()
    connect: tuple[Text, ...] = ()
    provision: tuple[Text, ...] = ()
    dump: tuple[Text, ...] = ()
    dump_suffix: str = ""
    initialised: str = ""  # what the log says when a new data volume is complete; "" where it is so at once
    data_version: str = ""  # the major version of what is in the data volume; "" where it does not matter
    stop_grace: str = "10s"
    shm_size: str | None = None
    recipe: str | None = None
    version: str = ""
    native: Native | None = None
    editor: Editor = Editor()
    host: bool = False  # an app that runs as a process of this machine, wherever its sidecars are


@dataclass(frozen=True, slots=True)
class CI:
    """What continuous integration runs; what is empty is told by the project's own files."""

    test: tuple[str, ...] = ()
    install: tuple[tuple[str, ...], ...] = ()
    inside: str | None = None
    python: str = "3.13"


@dataclass(frozen=True, slots=True)
class Stack:
    """All services, each after the ones it needs."""

    name: str
    services: tuple[Service, ...]
    ci: CI = CI()

    def __iter__(self) -> Iterator[Service]:
        return iter(self.services)

    def __getitem__(self, name: str) -> Service:
        for service in self.services:
            if service.name == name:
                return service
        raise KeyError(name)

    @property
    def names(self) -> tuple[str, ...]:
        """The services' names in start order."""
        return tuple(service.name for service in self.services)

    @property
    def contained(self) -> Stack:
        """The same without the apps that run on the host."""
        return replace(self, services=tuple(service for service in self.services if not service.host))

    @property
    def useful(self) -> tuple[Service, ...]:
        """The sidecars that a command can find: each exports something, or an app's environment speaks of it."""
        asked = {ref.service for app in self if app.role == "app" for _, text in app.env for ref in references(text)}
        return tuple(s for s in self if s.role == "sidecar" and (s.exports or s.name in asked))

    def told(self, here: Collection[str], value: Value, more: Callable[[Service], dict[str, str]]) -> dict[str, str]:
        """What a command is told where these are: exports, what apps say of nothing but them, `more` of each app."""
        result = {name: bind(text, value) for each in self if each.name in here for name, text in each.exports}
        for app in (service for service in reversed(self.services) if service.role == "app"):
            known = (pair for pair in app.env if all(ref.service in here for ref in references(pair[1])))
            result |= {name: bind(text, value) for name, text in known} | more(app)
        return result

    def copied(self, *, memory: bool) -> Stack:
        """The same for a copy beside the original: whatever ports are free, its sidecars' data in `memory`."""
        return replace(self, services=tuple(_copied(service, memory=memory) for service in self.services))

    def only(self, names: Collection[str]) -> Stack:
        """The same as if there were these services only."""
        kept = (service for service in self if service.name in names)
        services = tuple(replace(each, needs=tuple(n for n in each.needs if n in names)) for each in kept)
        return replace(self, services=services)

    def select(self, names: Iterable[str], profiles: Iterable[str] = ()) -> tuple[Service, ...]:
        """The named services and all that they need; with no name, all whose profile is unset or wanted."""
        wanted = set(names)
        if not wanted:
            active = set(profiles)
            wanted = {s.name for s in self if s.profile is None or s.profile in active}
        for service in reversed(self.services):
            if service.name in wanted:
                wanted.update(service.needs)
        return tuple(service for service in self if service.name in wanted)


def _copied(service: Service, *, memory: bool) -> Service:
    ports = tuple(replace(port, host=0) for port in service.ports)
    volumes = service.volumes
    if memory and service.role == "sidecar":  # an app's may be shared with its setups
        volumes = tuple(replace(volume, memory=not volume.disposable) for volume in volumes)
    return replace(service, ports=ports, volumes=volumes)


@dataclass(frozen=True, slots=True)
class Bindings:
    """What this machine fills in: host ports by (service, container port), secrets by (service, name).

    `asked` are the host ports that the manifest asked for when `ports` were chosen.
    """

    ports: Mapping[tuple[str, int], int] = field(default_factory=dict)
    secrets: Mapping[tuple[str, str], str] = field(default_factory=dict, repr=False)
    asked: Mapping[tuple[str, int], int] = field(default_factory=dict)

    def resolver(self, vantage: Vantage) -> Callable[[Ref], str]:
        """A function that gives a reference's value as seen from `vantage`; KeyError for what is not bound."""

        def value(ref: Ref) -> str:
            if ref.kind == "secret":
                return self.secrets[ref.service, ref.name]
            if vantage is Vantage.NETWORK:
                return ref.service if ref.kind == "host" else ref.name
            return "127.0.0.1" if ref.kind == "host" else str(self.ports[ref.service, int(ref.name)])

        return value


def bind(text: Text, value: Callable[[Ref], str], literal: Callable[[str], str] = str) -> str:
    """Join a text, each reference given by `value` and each literal piece passed through `literal`."""
    return "".join(literal(part) if isinstance(part, str) else value(part) for part in text)


def references(text: Text) -> Iterator[Ref]:
    """The references in a text."""
    return (part for part in text if isinstance(part, Ref))


def environment(stack: Stack, service: Service, vantage: Vantage, bindings: Bindings) -> dict[str, str]:
    """The environment of an app as seen from `vantage`: its sidecars' exports with the app's own values over them."""
    value = bindings.resolver(vantage)
    return {name: bind(text, value) for name, text in service.env}
