"""`up` for the compose engine: observe, bind, render, build, plan, apply; each step has a home of its own."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from devenv.artifacts import MARKER
from devenv.artifacts.compose import Document, Target, document
from devenv.artifacts.dotenv import dotenv
from devenv.artifacts.files import write
from devenv.artifacts.names import setup_names, variables, volume_name, volume_owner
from devenv.engines.compose import changes, drive, fresh, images, leftovers, ports
from devenv.engines.compose.api import Api, ApiError
from devenv.engines.compose.launch import Job, Launch
from devenv.engines.compose.observe import Container, DataVolume, everyones, observe, volumes
from devenv.engines.compose.plan import Action, Desired, Plan, plan
from devenv.errors import ConflictError, DevenvError, EngineError
from devenv.events import Notice, Phase, Reporter, ServicePhase
from devenv.project import Project
from devenv.stack import Bindings, Service, Stack
from devenv.state import complete_secrets

if TYPE_CHECKING:
    from devenv.engines.compose.driver import Driver

COMPOSE_FILE = "compose.yaml"
VARIABLES_FILE = "compose.env"
_TRIES = 5
_SETTLE = 0.5
"""Seconds before another try, when something outside this command is changing the same containers or ports."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user asked of `up`; `timeout` bounds the wait for readiness, in seconds."""

    services: tuple[Service, ...]
    timeout: float = 120.0
    strict_ports: bool = False
    build: bool = False


@dataclass
class Up:
    """One `up` of one project."""

    api: Api
    project: Project
    stack: Stack
    wish: Wish
    reporter: Reporter

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
            rendered = self._render(bindings)
            found = images.survey(self.api, self.project, self.stack, self.wish.services, bindings)
            built = self._build(found, rendered)
            todo = self._plan(rendered, observed, found, built)
            try:
                self._apply(todo, bindings, rendered)
                return bindings
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

    def _render(self, bindings: Bindings) -> Document:
        """The compose document, written where it differs from what was written last."""
        target = Target(self.project.id, root="..", path=self.project.label, bindings=bindings)
        rendered = document(self.stack, target)
        secrets = dotenv(variables(self.stack, bindings))
        digest = hashlib.sha256(json.dumps([rendered, secrets], sort_keys=True).encode()).hexdigest()
        if self.project.state.load("rendered") == digest and self._file.is_file():
            return rendered
        from devenv.artifacts.yaml import dump

        where = self.project.state.write(VARIABLES_FILE, secrets)
        header = f"# {MARKER}; edit that\n# docker compose --env-file {where} -f {COMPOSE_FILE} ps\n"
        try:
            write(self._file, (header + dump(rendered)).encode())
            write(self._file.parent / ".gitignore", b"*\n")
        except OSError as error:
            raise DevenvError(f"can't write generated files: {error.strerror}", where=str(self._file)) from error
        self.project.state.save("rendered", digest)
        return rendered

    @property
    def _file(self) -> Path:
        return self.project.generated / COMPOSE_FILE

    def _build(self, found: Iterable[images.Image], rendered: Document) -> dict[str, str]:
        """Build what is stale; gives each image's id by name."""
        result = {}
        for image in found:
            if image.id is None or image.stale or self.wish.build:
                reason = image.stale or "asked for"
                self.reporter.emit(ServicePhase(image.service, Phase.BUILDING, reason))
                driver = self._driver()
                driver.build(image.service, self.reporter)
                result[image.name] = images.remember(self.api, self.project, image)
            else:
                result[image.name] = image.id
        return result

    def _plan(
        self,
        rendered: Document,
        observed: Mapping[str, Sequence[Container]],
        found: Sequence[images.Image],
        built: Mapping[str, str],
    ) -> Plan:
        entries = rendered["services"]
        wanted = [name for service in self.wish.services for name in (*setup_names(service), service.name)]
        desired = [
            Desired(name, entries[name]["labels"]["devenv.hash"], built.get(str(entries[name]["image"])))
            for name in wanted
        ]
        before = self.project.state.load("applied") or {}
        reason = changes.reasons(before, changes.fields(rendered))
        stale = {image.name: image.stale for image in found if image.stale}
        for name in wanted:
            if words := stale.get(str(entries[name]["image"])):
                reason.setdefault(name, words)
        return plan(desired, observed, known=entries, reason=reason)

    def _apply(self, todo: Plan, bindings: Bindings, rendered: Document) -> None:
        leftovers.clear(self.api, todo, self.reporter)
        setups = {name for service in self.wish.services for name in setup_names(service)}
        create = todo.to_create()
        containers = {step.service: step.container.id for step in todo.steps if step.container}
        existing: dict[str, DataVolume] = {}
        if create:
            existing = volumes(self.api, self.project)
            self._check_data(existing)
            driver = self._driver()
            self._announce(todo, setups)
            driver.create({name: str(rendered["services"][name]["image"]) for name in create}, self.reporter)
            self._note_applied(rendered)
            containers = {name: found[0].id for name, found in observe(self.api, self.project).items()}
        done = self.project.state.load("setup") or {}
        work = bool(create) or not setups <= done.keys()
        work = work or any(step.action is not Action.KEEP for step in todo.steps if step.service not in setups)
        after = volumes(self.api, self.project) if work else existing
        new = {name: volume for name, volume in after.items() if create and name not in existing}
        if new:
            fresh.note(self.project.state, self.project.id, self.wish.services, new)
        due = self._due(rendered, after, done) if work else set()
        jobs = [self._job(service, todo, containers, existing, due) for service in self.wish.services]

        mutex = threading.Lock()  # both are called from the services' threads

        def setup_done(name: str) -> None:
            owner = name.partition(".")[0]
            with mutex:
                done[name] = self._setup_key(self.stack[owner], rendered, after)
                self.project.state.save("setup", done)

        def answered(name: str) -> None:
            if self.stack[name].initialised:
                with mutex:
                    fresh.forget(self.project.state, name)

        Launch(self.api, bindings, self.reporter, self.wish.timeout, setup_done, answered).run(jobs)

    def _job(
        self,
        service: Service,
        todo: Plan,
        containers: Mapping[str, str],
        existing: Mapping[str, DataVolume],
        due: Collection[str],
    ) -> Job:
        step = todo[service.name]
        start = step.action is not Action.KEEP
        new = step.action in (Action.CREATE, Action.RECREATE)
        setups = tuple((name, containers[name]) for name in setup_names(service) if name in due)
        kept_data = any(self._volume(service, volume.name) in existing for volume in service.volumes)
        return Job(service, containers[service.name], start, setups, provision=new and kept_data)

    def _due(self, rendered: Document, found: Mapping[str, DataVolume], done: dict[str, str]) -> set[str]:
        """The setups that have not run for what is there now, the app running or not; one that fails stays due."""
        due = {
            name
            for service in self.wish.services
            for name in setup_names(service)
            if done.get(name) != self._setup_key(service, rendered, found)
        }
        for name in due & done.keys():
            del done[name]
            self.project.state.save("setup", done)
        return due

    def _setup_key(self, service: Service, rendered: Document, found: Mapping[str, DataVolume]) -> str:
        """Changes with the image, the setup's own configuration, and with data that was made anew."""
        entries = rendered["services"]
        image = self.project.state.load(f"image-{entries[service.name]['image']}") or {}
        hashes = [entries[name]["labels"]["devenv.hash"] for name in setup_names(service)]
        needed = [
            v.created for name, v in sorted(found.items()) if volume_owner(self.project.id, name) in service.needs
        ]
        return hashlib.sha256(json.dumps([image.get("id"), hashes, needed]).encode()).hexdigest()[:16]

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

    def _driver(self) -> Driver:
        variables = self.project.state.folder / VARIABLES_FILE
        return drive.driver(self.api.endpoint, self.project.id, self._file, variables)


def _passing(error: ApiError | ConflictError) -> bool:
    """Whether to plan anew: a port was taken since we asked, or a killed command's Compose is still at work."""
    texts = ("already allocated", "already in use", "marked for removal", "No such container", "already in progress")
    return isinstance(error, ConflictError) or any(text in error.reason for text in texts)
