"""Containers for the sidecars, processes of this machine for apps that run on the host: one engine made of two.

It decides for each service who runs it, and hands everything on; itself it starts nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from devenv.engines import Command, Engine, ServiceStatus, Wish
from devenv.engines.compose.engine import ComposeEngine
from devenv.engines.live import Follower, Heard, Instances, Listener, Live, Report, Told
from devenv.engines.native.engine import NativeEngine
from devenv.engines.runtime import Runtime
from devenv.events import Reporter
from devenv.stack import Bindings, Service, Stack, Text


@dataclass(frozen=True)
class HostApps:
    """Both engines of one project: see `Engine`."""

    containers: ComposeEngine
    processes: NativeEngine
    on_host: frozenset[str]  # the apps that the manifest, or the last `up --host-app`, wants here

    @property
    def name(self) -> str:
        """The engine of the sidecars."""
        return self.containers.name

    def check(self) -> None:
        """Raises `EngineUnavailableError` where no engine answers."""
        self.containers.check()

    def get_ready(self, *, builds: bool = True) -> None:
        """Load in the background what the next change would wait for."""
        self.containers.get_ready(builds=builds)

    def runtime(self, service: Service, bindings: Bindings) -> Runtime:
        """Of the engine that runs it."""
        return self._engine(service.name).runtime(service, bindings)

    def up(self, stack: Stack, wish: Wish, reporter: Reporter) -> Bindings:
        """Sidecars first, then the apps that use them. What runs on the other side from an earlier time ends."""
        here = tuple(service for service in wish.services if service.name in self.on_host)
        there = tuple(service for service in wish.services if service.name not in self.on_host)
        moved = [service.name for service in there if service.name in self.processes.present()]
        if moved:
            self.processes.stop(moved, reporter, remove=True)
        gone = [service.name for service in here if service.name in self.containers.present()]
        if gone:
            self.containers.stop(gone, reporter, remove=True)
        if there or not here:
            bindings = self.containers.up(self._contained(stack), replace(wish, services=there), reporter)
        return self.processes.up(stack, replace(wish, services=here), reporter) if here else bindings

    def stop(self, services: Sequence[str], reporter: Reporter, *, remove: bool) -> list[str]:
        """The apps before what they use."""
        ended = self.processes.stop(services, reporter, remove=remove)
        return sorted({*ended, *self.containers.stop(services, reporter, remove=remove)})

    def restart(self, services: Sequence[Service], bindings: Bindings, reporter: Reporter, timeout: float) -> None:
        """Each where it runs."""
        for engine, chosen in self._parts(services):
            engine.restart(chosen, bindings, reporter, timeout)

    def present(self) -> list[str]:
        """The services that are there, running or not."""
        return [*self.containers.present(), *self.processes.present()]

    def status(self, stack: Stack, bindings: Bindings) -> list[ServiceStatus]:
        """What each service is doing, in the stack's order."""
        found = {each.name: each for each in self.containers.status(self._contained(stack), bindings)}
        found |= {each.name: each for each in self.processes.status(self._here(stack), bindings)}
        return [found[name] for name in stack.names]

    def answered(self, stack: Stack, services: Iterable[Service], bindings: Bindings) -> list[ServiceStatus]:
        """The status of services that have just answered."""
        services = list(services)
        told = {
            each.name: each
            for engine, chosen in self._parts(services)
            for each in engine.answered(stack, chosen, bindings)
        }
        return [told[service.name] for service in services]

    def logs(self, services: Sequence[str], *, lines: str, stay: bool) -> Iterator[tuple[str, str]]:
        """(service, line): with `stay` of both as they come."""
        parts: list[Iterator[tuple[str, str]]] = [
            engine.logs(chosen, lines=lines, stay=stay) for engine, chosen in self._named(services) if chosen
        ]
        if not stay:
            for part in parts:
                yield from part
            return
        from devenv.engines.merge import merged

        yield from merged(parts)

    def inside(self, service: Service, command: Sequence[Text], *, terminal: bool) -> Command:
        """What runs a command where the service runs."""
        return self._engine(service.name).inside(service, command, terminal=terminal)

    def beside(self, stack: Stack, service: Service, command: Sequence[str], *, terminal: bool) -> Command:
        """As the engine does that runs the service."""
        return self._engine(service.name).beside(stack, service, command, terminal=terminal)

    def volumes(self, services: Sequence[str] = ()) -> dict[str, str]:
        """The data of both."""
        return {**self.containers.volumes(services), **self.processes.volumes(services)}

    def remove_volumes(self, names: Sequence[str]) -> None:
        """Remove data by its exact names."""
        ours = self.processes.volumes()
        self.processes.remove_volumes([name for name in names if name in ours])
        self.containers.remove_volumes([name for name in names if name not in ours])

    def forget(self, stack: Stack, reporter: Reporter) -> None:
        """Remove all else that both keep."""
        self.containers.forget(stack, reporter)
        self.processes.forget(stack, reporter)

    def live(self, stack: Stack, bindings: Bindings) -> Live:
        """The sources of both."""
        contained = self.containers.live(self._contained(stack), bindings)
        return BothLive(stack, contained, self.processes.live(self._here(stack), bindings))

    def happenings(self, heard: Heard) -> Listener:
        """What happens to either."""
        return _Both(self.containers.happenings(heard), self.processes.happenings(heard))

    def follower(self, told: Told) -> Follower:
        """What both write."""
        return _BothFollowers(self.containers.follower(told), self.processes.follower(told), self.on_host)

    def _engine(self, name: str) -> Engine:
        return self.processes if name in self.on_host else self.containers

    def _named(self, names: Sequence[str]) -> list[tuple[Engine, list[str]]]:
        return [
            (self.containers, [name for name in names if name not in self.on_host]),
            (self.processes, [name for name in names if name in self.on_host]),
        ]

    def _parts(self, services: Sequence[Service]) -> list[tuple[Engine, list[Service]]]:
        by_name = {service.name: service for service in services}
        parts = self._named(list(by_name))
        return [(engine, [by_name[name] for name in names]) for engine, names in parts if names]

    def _contained(self, stack: Stack) -> Stack:
        return replace(stack, services=tuple(each for each in stack if each.name not in self.on_host))

    def _here(self, stack: Stack) -> Stack:
        return replace(stack, services=tuple(each for each in stack if each.name in self.on_host))


@dataclass(frozen=True)
class BothLive:
    """See `Live`: the sources of containers and of processes as one."""

    stack: Stack
    contained: Live
    here: Live

    @property
    def instances(self) -> Instances:
        """What runs of both."""
        return {**self.contained.instances, **self.here.instances}

    @property
    def builds(self) -> bool:
        """Whether there are sources to watch."""
        return self.contained.builds or self.here.builds

    @property
    def bindings(self) -> Bindings:
        """Ports and secrets in force."""
        return self.contained.bindings

    def refresh(self) -> None:
        """See anew what runs."""
        self.contained.refresh()
        self.here.refresh()

    def look(self, paths: Collection[str] | None) -> dict[str, list[str] | None]:
        """See what changed for either: containers by their image's name, processes by their service's."""
        return {**self.contained.look(paths), **self.here.look(paths)}

    def react(self, seen: Mapping[str, list[str] | None]) -> list[Report]:
        """Each reacts to what is its own."""
        here = {name: keys for name, keys in seen.items() if name in self.here.stack.names}
        there = {name: keys for name, keys in seen.items() if name not in here}
        return [*self.contained.react(there), *self.here.react(here)]

    def refuse(self, report: Report) -> None:
        """Only images are built."""
        self.contained.refuse(report)

    def folders(self) -> set[Path]:
        """The folders of both."""
        return self.contained.folders() | self.here.folders()


@dataclass(frozen=True)
class _Both:
    first: Listener
    second: Listener

    def close(self) -> None:
        self.first.close()
        self.second.close()


@dataclass(frozen=True)
class _BothFollowers:
    contained: Follower
    here: Follower
    on_host: frozenset[str]

    @property
    def busy(self) -> bool:
        return self.contained.busy or self.here.busy

    def see(self, observed: Instances) -> None:
        self.contained.see({name: found for name, found in observed.items() if name not in self.on_host})
        self.here.see({name: found for name, found in observed.items() if name in self.on_host})
