"""Reload on the compose engine: looks, compares and brings containers up to date; starts no build and waits for no one.

What it can't do by sending files it says: `Report.needs` names what takes a build, or a container of another image.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from devenv.artifacts.names import image_of, is_editor
from devenv.engines.compose import images
from devenv.engines.compose.api import Api
from devenv.engines.compose.bounce import prepare
from devenv.engines.compose.deliveries import Deliveries
from devenv.engines.compose.holdings import Holdings
from devenv.engines.compose.images import Image
from devenv.engines.compose.observe import Container, observe
from devenv.engines.compose.parallel import in_parallel
from devenv.engines.compose.sync import CantSyncError, Cargo
from devenv.engines.live import Report
from devenv.layout.fingerprint import digest
from devenv.project import Project
from devenv.reload.plan import Action, saved_at
from devenv.reload.sight import Sight
from devenv.stack import Bindings, Stack

_ENDED_WELL = (0, 130, 137, 143)


@dataclass
class _Watched:
    """One image, and what is seen of its context."""

    image: Image
    sight: Sight
    refused: str = ""


class Live:
    """One stack's built images and their containers, between two changes of the stack."""

    def __init__(self, api: Api, project: Project, stack: Stack, bindings: Bindings) -> None:
        self.api = api
        self.project = project
        self.stack = stack
        self._holdings = Holdings(project.state)
        self._deliveries = Deliveries(api, project, stack, bindings, self._holdings)
        self._watched: dict[str, _Watched] = {}
        self._observed: dict[str, list[Container]] = {}
        self._moved: dict[str, str] = {}

    @property
    def instances(self) -> Mapping[str, Sequence[Container]]:
        """The project's containers as they were seen last."""
        return self._observed

    @property
    def builds(self) -> bool:
        """Whether the stack builds an image."""
        return any(service.build for service in self.stack)

    def refresh(self) -> None:
        """See anew what the engine has: images, what they were built from, containers. Raises `EngineError`."""
        self._observed = self._observe()
        self._holdings.forget_others([c.id for found in self._observed.values() for c in found])
        self._deliveries.forget_layouts()
        for service in self.stack:
            if service.build is None:
                continue
            name = image_of(self.stack, service, self.project.id)
            known = self._watched.get(name)
            if known is not None and known.image.service != service.name:
                continue
            image = images.known(self.api, self.project, name, service, self._deliveries.bindings)
            sight = known.sight if known else Sight(*images.place(self.project, service), image.base)
            self._watched[name] = _Watched(image, sight, known.refused if known else "")

    def look(self, paths: Collection[str] | None) -> dict[str, list[str] | None]:
        """See what changed: for each image its keys, or None for everything. Raises `DevenvError`."""
        seen: dict[str, list[str] | None] = {}
        for name, watched in self._watched.items():
            keys = None if paths is None else watched.sight.glance(paths)
            if keys is None:
                watched.sight.look()
            if keys is None or self._deliveries.depends_on(keys):
                self._deliveries.forget_layouts()
            if keys is None or keys:
                seen[name] = keys
        return seen

    def react(self, seen: Mapping[str, list[str] | None]) -> list[Report]:
        """Bring the containers of these images up to date, as far as that can be done by sending."""
        return [report for name, keys in seen.items() if (report := self._one(self._watched[name], keys))]

    def refuse(self, report: Report) -> None:
        """A build for this reason failed: it is not tried again while nothing of its cause changes."""
        self._watched[report.image].refused = report.cause

    @property
    def bindings(self) -> Bindings:
        """Ports and secrets in force."""
        return self._deliveries.bindings

    def folders(self) -> set[Path]:
        """The folders to watch. Raises `DevenvError`."""
        found: set[Path] = set()
        for watched in self._watched.values():
            found |= watched.sight.folders(self._deliveries.roots(watched.image))
        return found

    def _observe(self) -> dict[str, list[Container]]:
        """The containers that saved files may go to, or whose logs are shown: an editor's has the files themselves."""
        found = observe(self.api, self.project)
        return {name: containers for name, containers in found.items() if not is_editor(name)}

    def _one(self, watched: _Watched, keys: list[str] | None) -> Report | None:
        image = replace(watched.image, index=watched.sight.now)
        services = tuple(service.name for service in self._deliveries.services(image))
        there = [c for name in services for c in self._observed.get(name, ())[:1] if _counts(c)]
        if not there:
            return None
        others = [container for container in there if container.image_id != image.id]
        if others or image.stale:
            return self._other_image(image, others)
        reactions = {c.id: self._deliveries.lacks(image, c, keys, watched.refused) for c in there}
        decisive = max(reactions.values(), key=lambda reaction: _WEIGHT[reaction.action])
        if decisive.action is Action.REBUILD:
            return Report(image.name, services, decisive.causes, decisive.reason or "it is built in", decisive.cause)
        if decisive.action is Action.NOTHING:
            return None
        lacking = [container for container in there if reactions[container.id].sync]
        cargos = [Cargo(container, reactions[container.id].sync) for container in lacking]
        dead = [container for container in lacking if not container.running]
        blind = [c for c in lacking if c.running and self._deliveries.restarts(c.service)]
        left: dict[str, str] = {}
        restarts: list[Callable[[], None]] = []

        def send() -> None:
            nonlocal left
            left = self._deliveries.deliver(image, cargos)

        def ask(container: Container) -> None:
            restarts.append(prepare(self.api, container.id))

        asks = [functools.partial(ask, container) for container in (*dead, *blind)]
        try:
            acts: list[Callable[[], None]] = [send, *asks]
            in_parallel(_call, acts)
        except CantSyncError as error:
            return Report(image.name, services, decisive.causes, error.reason, decisive.cause)
        in_parallel(_call, restarts)
        if dead:
            self._observed = self._observe()
        seeing = [container for container in lacking if container not in dead and container not in blind]
        return Report(
            image.name,
            tuple(container.service for container in lacking),
            decisive.causes,
            restarted=tuple(container.service for container in blind),
            revived=tuple(container.service for container in dead),
            by_itself=tuple(filter(None, (self._deliveries.rules(each.service).reloading for each in seeing))),
            left=left,
            saved=saved_at(image.index, decisive.causes),
        )

    def _other_image(self, image: Image, others: Sequence[Container]) -> Report | None:
        """The image is not what is known, or not what runs: `up` sorts that out, once for each such finding."""
        finding = f"{image.id} {image.stale} {[container.id for container in others]} {digest(image.index)}"
        if self._moved.get(image.name) == finding:
            return None
        self._moved[image.name] = finding
        names = tuple(container.service for container in others)
        return Report(image.name, names, needs=image.stale or "its image is another one by now", cause=finding)


def _call(act: Callable[[], None]) -> None:
    act()


_WEIGHT = {Action.NOTHING: 0, Action.SYNC: 1, Action.REBUILD: 2}


def _counts(container: Container) -> bool:
    """Whether files are brought to it: it runs, or has crashed; what was stopped on purpose `up` brings up to date."""
    return container.running or (container.state == "exited" and container.exit_code not in _ENDED_WELL)
