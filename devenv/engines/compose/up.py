"""`up` for the compose engine: observe, bind, render, build, plan, apply; each step has a home of its own."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from devenv.artifacts.compose import Document
from devenv.artifacts.names import is_editor, setup_names, volume_name
from devenv.engines import Wish, ports
from devenv.engines.compose import caches, changes, drive, fresh, images, leftovers, mirror
from devenv.engines.compose.api import Api, ApiError
from devenv.engines.compose.bounce import bounce
from devenv.engines.compose.deliveries import Deliveries
from devenv.engines.compose.holdings import Holdings
from devenv.engines.compose.images import Image
from devenv.engines.compose.observe import Container, DataVolume, everyones, observe, volumes
from devenv.engines.compose.plan import Action, Desired, Plan, plan
from devenv.engines.compose.render import files, render
from devenv.engines.compose.runtime import Containers
from devenv.engines.compose.setups import Setups
from devenv.engines.compose.sync import CantSyncError
from devenv.engines.launch import Job, Launch
from devenv.errors import ConflictError, DevenvError, EngineError
from devenv.events import Notice, Phase, Reporter, ServicePhase
from devenv.project import Project
from devenv.stack import Bindings, Service, Stack
from devenv.state import complete_secrets

if TYPE_CHECKING:
    from devenv.engines.compose.driver import Driver

_TRIES = 5
_STUCK = "files were deleted, and a container that does not run can't lose them"
_SETTLE = 0.5
"""Seconds before another try, when something outside this command is changing the same containers or ports."""


@dataclass
class Up:
    """One `up` of one project."""

    api: Api
    project: Project
    stack: Stack
    wish: Wish
    reporter: Reporter
    _unsyncable: set[str] = field(default_factory=set)

    def run(self) -> Bindings:
        """Bring the wished services up, ready; gives the bindings in force."""
        observed = everyones(self.api, self.project)
        self._refuse_foreign(observed)
        if leftovers.wake(self.api, observed):
            observed = observe(self.api, self.project)
        if self._heal(observed):
            observed = observe(self.api, self.project)
        last: DevenvError | None = None
        for _ in range(_TRIES):
            bindings = self._bind(observed)
            rendered = render(self.project, self.stack, bindings, mirror.needed(self.api, self.stack))
            deliveries = Deliveries(self.api, self.project, self.stack, bindings, Holdings(self.project.state))
            found, todo = self._current(rendered, observed, deliveries)
            try:
                self._apply(todo, rendered, found, deliveries)
                return bindings
            except CantSyncError as error:
                last = error
                self._replace(found, observe(self.api, self.project), deliveries)
                observed = observe(self.api, self.project)
            except (ApiError, ConflictError) as error:
                there = observe(self.api, self.project)
                if not (_passing(error) or leftovers.cut_off(self.api, self.project.state, there, error)):
                    raise
                last = error
                time.sleep(_SETTLE)
                observed = observe(self.api, self.project)
        raise EngineError(f"others are in the way again and again: {last}", hint="run `devenv up` again")

    def _refuse_foreign(self, observed: Mapping[str, Sequence[Container]]) -> None:
        """Two paths can share an id only by a hash collision; even then nothing of the other's is touched."""
        for containers in observed.values():
            for container in containers:
                if container.path != self.project.label:
                    raise EngineError(f"container `{container.name}` belongs to another project: {container.path}")

    def _heal(self, observed: Mapping[str, Sequence[Container]]) -> bool:
        """Make data volumes anew whose first initialisation was cut off; whether there were any."""
        if not fresh.load(self.project.state):
            return False
        broken = fresh.interrupted(self.api, self.project.state, observed, volumes(self.api, self.project))
        for volume, service in broken.items():
            self.reporter.emit(Notice(f"the first start of `{service}` was cut off: its data is made anew", "warning"))
            for container in observed.get(service, ()):
                self.api.delete(f"/containers/{container.id}", force=True)
            self.api.delete(f"/volumes/{volume}")
            fresh.forget(self.project.state, service)
        return bool(broken)

    def _bind(self, observed: Mapping[str, Sequence[Container]]) -> Bindings:
        """Ports and secrets; kept before anything is made with them, so that no crash can lose them."""
        before = self.project.state.bindings()
        held = {
            (service.name, port.container)
            for service in self.stack
            for port in service.ports
            if any(container.running for container in observed.get(service.name, ()))
        }
        bindings = complete_secrets(self.stack, before)
        bindings = ports.allocate(self.stack, bindings, self.reporter, held=held, strict=self.wish.strict_ports)
        if bindings != before:
            self.project.state.bind(bindings)
        return bindings

    def _current(
        self, rendered: Document, observed: Mapping[str, Sequence[Container]], deliveries: Deliveries
    ) -> tuple[list[Image], Plan]:
        """The images as they should be, built where that takes a build, and what is to be done with containers."""
        services, bindings = self.wish.services, deliveries.bindings
        found = images.survey(self.api, self.project, self.stack, services, bindings, deliveries.rules)
        reasons = {image.name: image.stale for image in found if image.stale}
        found = [self._built(image, deliveries) if self._must_build(image) else image for image in found]
        todo = self._plan(rendered, observed, found, reasons)
        stuck = {image.name: _STUCK for image in found if deliveries.stuck(image, todo)}
        if stuck:
            found = [
                self._built(replace(image, stale=_STUCK), deliveries) if image.name in stuck else image
                for image in found
            ]
            todo = self._plan(rendered, observed, found, reasons | stuck)
        return found, todo

    def _must_build(self, image: Image) -> bool:
        return image.id is None or bool(image.stale) or self.wish.build or image.name in self._unsyncable

    def _replace(self, found: Iterable[Image], observed: Mapping[str, list[Container]], deliveries: Deliveries) -> None:
        """Build the images whose containers can't be brought up to date; remove those which that did not replace."""
        for image in found:
            stuck = [c for c in deliveries.containers(image, observed) if deliveries.lacks(image, c).sync]
            if stuck and image.name in self._unsyncable:
                for container in stuck:
                    self.api.delete(f"/containers/{container.id}", force=True)
            elif stuck:
                self._unsyncable.add(image.name)

    def _built(self, image: Image, deliveries: Deliveries) -> Image:
        self.reporter.emit(ServicePhase(image.service, Phase.BUILDING, image.stale or "asked for"))
        driver = self._driver(builds=True)
        driver.build(image.service, self.reporter)
        deliveries.forget_layouts()  # the builder may have brought another base
        return images.remember(self.api, self.project, image)

    def _plan(
        self,
        rendered: Document,
        observed: Mapping[str, Sequence[Container]],
        found: Iterable[Image],
        stale: Mapping[str, str],
    ) -> Plan:
        entries = rendered["services"]
        ids = {image.name: image.id for image in found}
        wanted = [name for service in self.wish.services for name in (*setup_names(service), service.name)]
        desired = [
            Desired(name, entries[name]["labels"]["devenv.hash"], ids.get(str(entries[name]["image"])))
            for name in wanted
        ]
        before = self.project.state.load("applied") or {}
        reason = changes.reasons(before, changes.fields(rendered))
        for name in wanted:
            if words := stale.get(str(entries[name]["image"])):
                reason.setdefault(name, words)
        known = {*entries, *filter(is_editor, observed)}
        return plan(desired, observed, known=known, reason=reason)

    def _apply(self, todo: Plan, rendered: Document, found: list[Image], deliveries: Deliveries) -> None:
        leftovers.clear(self.api, todo, self.reporter)
        setups = Setups(self.project, self.wish.services, rendered, {image.name: image for image in found})
        create = todo.to_create()
        containers = {step.service: step.container for step in todo.steps if step.container}
        existing: dict[str, DataVolume] = {}
        if create:
            existing = volumes(self.api, self.project)
            self._check_data(existing)
            driver = self._driver()
            caches.provide(self.api, self.project, self.wish.services)
            self._announce(todo, setups.names)
            driver.create({name: str(rendered["services"][name]["image"]) for name in create}, self.reporter)
            self._note_applied(rendered)
            containers = {name: found[0] for name, found in observe(self.api, self.project).items()}
        self._bring(found, containers, deliveries)
        work = bool(create) or not setups.names <= setups.done.keys() or any(image.lacking for image in found)
        work = work or any(step.action is not Action.KEEP for step in todo.steps if step.service not in setups.names)
        after = volumes(self.api, self.project) if work else existing
        new = {name: volume for name, volume in after.items() if create and name not in existing}
        if new:
            fresh.note(self.project.state, self.project.id, self.wish.services, new)
        due = setups.due(after) if work else set()
        jobs = [self._job(service, todo, containers, existing, due) for service in self.wish.services]
        mutex = threading.Lock()  # called from the services' threads

        def answered(name: str) -> None:
            if self.stack[name].initialised:
                with mutex:
                    fresh.forget(self.project.state, name)

        done = functools.partial(setups.ended_well, found=after)
        bindings = deliveries.bindings
        runtime, wish = Containers(self.api, bindings), self.wish
        Launch(runtime, bindings, self.reporter, wish.timeout, done, answered, wish.hurry).run(jobs)

    def _bring(self, found: Iterable[Image], containers: Mapping[str, Container], deliveries: Deliveries) -> None:
        """What images lack of their sources goes to their containers, and who does not see it by itself starts anew."""
        for image in found:
            there = deliveries.containers(image, {name: [container] for name, container in containers.items()})
            lacking = deliveries.bring(image, there)
            for container in there:
                words = lacking.get(container.id)
                app = container.running and container.service in self.stack.names
                if words and app and deliveries.restarts(container.service):
                    self.reporter.emit(ServicePhase(container.service, Phase.STARTING, f"{words} changed"))
                    bounce(self.api, container.id)

    def _job(
        self,
        service: Service,
        todo: Plan,
        containers: Mapping[str, Container],
        existing: Mapping[str, DataVolume],
        due: Collection[str],
    ) -> Job:
        step = todo[service.name]
        start = step.action is not Action.KEEP
        new = step.action in (Action.CREATE, Action.RECREATE)
        setups = tuple((name, containers[name].id) for name in setup_names(service) if name in due)
        kept_data = any(self._volume(service, volume.name) in existing for volume in service.volumes)
        held = service.name in self.wish.held
        return Job(service, containers[service.name].id, start and not held, setups, new and kept_data, held)

    def _volume(self, service: Service, volume: str) -> str:
        return volume_name(self.project.id, service.name, volume)

    def _announce(self, todo: Plan, setups: Iterable[str]) -> None:
        for step in todo.steps:
            if step.service in setups:
                continue
            if step.action is Action.CREATE:
                self.reporter.emit(ServicePhase(step.service, Phase.CREATING))
            elif step.action is Action.RECREATE:
                self.reporter.emit(ServicePhase(step.service, Phase.RECREATING, step.reason))

    def _check_data(self, existing: Mapping[str, DataVolume]) -> None:
        """A data volume of another major version: the server would not start on it, or start beside it, empty."""
        for service in self.wish.services:
            for volume in service.volumes:
                found = existing.get(self._volume(service, volume.name))
                version = found.data_version if found else ""
                if version and service.data_version and version != service.data_version:
                    raise EngineError(
                        f"the data of `{service.name}` was made by version {version}, "
                        f"and the manifest asks for {service.data_version}",
                        hint=f'go back to version = "{version}"; to change over, save and remove the data with that '
                        f"one first: devenv destroy {service.name}",
                    )

    def _note_applied(self, rendered: Document) -> None:
        before = self.project.state.load("applied") or {}
        self.project.state.save("applied", {**before, **changes.fields(rendered)})

    def _driver(self, *, builds: bool = False) -> Driver:
        return drive.driver(self.api.endpoint, self.project.id, *files(self.project), builds=builds)


def _passing(error: ApiError | ConflictError) -> bool:
    """Whether to plan anew: a port was taken since we asked, or a killed command's Compose is still at work."""
    texts = ("already allocated", "already in use", "marked for removal", "No such container", "already in progress")
    return isinstance(error, ConflictError) or any(text in error.reason for text in texts)
