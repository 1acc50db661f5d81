"""What the containers of a built image lack of its context, and bringing it to them; restarts nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from devenv.artifacts.names import image_of, owner_of, setup_names
from devenv.engines.compose.api import Api
from devenv.engines.compose.holdings import Holdings
from devenv.engines.compose.images import Image, place
from devenv.engines.compose.observe import Container
from devenv.engines.compose.owners import Owners
from devenv.engines.compose.plan import Action as Step
from devenv.engines.compose.plan import Plan
from devenv.engines.compose.sync import Cargo, deliver
from devenv.project import Project
from devenv.reload.difference import differences
from devenv.reload.plan import Action, Reaction, plan, told
from devenv.reload.rules import Rules
from devenv.stack import Bindings, Service, Stack


@dataclass
class Deliveries:
    """One project's deliveries. Layouts are read when they are needed and kept until `forget_layouts`."""

    api: Api
    project: Project
    stack: Stack
    bindings: Bindings
    holdings: Holdings
    _rules: dict[str, Rules] = field(default_factory=dict)
    _owners: dict[str, Owners] = field(default_factory=dict)

    def services(self, image: Image) -> list[Service]:
        """The services that run an image."""
        return [s for s in self.stack if s.build and image_of(self.stack, s, self.project.id) == image.name]

    def containers(self, image: Image, observed: Mapping[str, Sequence[Container]]) -> list[Container]:
        """The containers of an image that are there, those that run setups too."""
        names = (name for service in self.services(image) for name in (*setup_names(service), service.name))
        return [observed[name][0] for name in names if observed.get(name)]

    def rules(self, service: str) -> Rules:
        """The layout as a service, or a setup of it, has it: its command has a say. Raises `DevenvError`."""
        name = owner_of(service)
        if name not in self._rules:
            from devenv.engines.compose.layouts import layout_of

            self._rules[name] = layout_of(self.api, self.project, self.stack[name], self.bindings)
        return self._rules[name]

    def restarts(self, service: str) -> bool:
        """Whether its process has to start anew to see changed files: the manifest says so, else its command."""
        wish = self.stack[service].reload.restart
        return not self.rules(service).reloading if wish is None else wish

    def roots(self, image: Image) -> set[str]:
        """The paths of the context that an image uses. Raises `DevenvError`."""
        return {root for service in self.services(image) for root in self.rules(service.name).roots()}

    def depends_on(self, keys: Iterable[str]) -> bool:
        """Whether a layout that was read depends on one of these files."""
        return any(not rules.inputs.isdisjoint(keys) for rules in self._rules.values())

    def forget_layouts(self) -> None:
        """Read them anew: the Dockerfile, or what is in the context, may be another."""
        self._rules.clear()

    def lacks(
        self, image: Image, container: Container, paths: Iterable[str] | None = None, refused: str = ""
    ) -> Reaction:
        """What a container needs, by what differs; of `paths` only where they are given. Raises `DevenvError`."""
        held = self.holdings.of(container.id, image.base)
        changes = differences(held, image.index.entries, paths)
        return plan(changes, self.rules(container.service), refused) if changes else Reaction(Action.NOTHING)

    def stuck(self, image: Image, todo: Plan) -> bool:
        """Whether a container that does not run holds what was deleted: it can't be taken out of it."""
        steps = {step.service: step for step in todo.steps}
        for service in self.services(image):
            for name in (*setup_names(service), service.name):
                step = steps.get(name)
                if step is None or (step.container and step.container.running and step.action is Step.KEEP):
                    continue
                kept = step.container if step.action in (Step.START, Step.KEEP) else None
                lacking = self.lacks(image, kept).sync if kept else image.lacking
                if any(each.change.removed for each in lacking):
                    return True
        return False

    def bring(self, image: Image, containers: Iterable[Container]) -> dict[str, str]:
        """Bring all of them up to date; gives for the ids of those that lacked something what. Raises as `deliver`."""
        cargos, lacking = [], {}
        for container in containers:
            reaction = self.lacks(image, container)
            cargos.append(Cargo(container, reaction.sync))
            if reaction.sync:
                lacking[container.id] = told(reaction.causes, mark="`")
        self.deliver(image, cargos)
        return lacking

    def deliver(self, image: Image, cargos: Sequence[Cargo]) -> dict[str, str]:
        """Send what containers lack; gives what could not be read, and raises, as `sync.deliver`."""
        if not any(cargo.changes for cargo in cargos):
            return {}
        context, _ = place(self.project, self.stack[image.service])
        owners = self._owners.setdefault(image.id or "", Owners(self.api, cargos[0].container.id))
        kept = [volume.path for service in self.services(image) for volume in service.volumes]
        return deliver(self.api, self.holdings, context, cargos, owners, kept)
