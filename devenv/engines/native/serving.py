"""Which server of this machine serves which service, and what can't be served here; starts nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from devenv.engines.native.account import substitute
from devenv.engines.native.client import Supervision
from devenv.engines.native.find import MissingError
from devenv.engines.native.place import Place
from devenv.engines.native.providers import server_of
from devenv.engines.native.providers.base import Served, Server
from devenv.errors import DevenvError, EngineError
from devenv.events import Notice, Reporter
from devenv.project import Project
from devenv.stack import Bindings, Service

RECORD = "native"
"""What served each service last, for those who look: {service: [words, what differs]}."""


@dataclass(frozen=True)
class Serving:
    """One project's services on this machine, by the bindings in force."""

    project: Project
    bindings: Bindings

    def place(self, service: Service) -> Place:
        """Where a service is."""
        return Place(self.project, service, self.bindings, base(self.project, service))

    def server(self, service: Service) -> Served:
        """What serves it. Raises `MissingError` where nothing does."""
        place = self.place(service)
        if service.role == "app":
            from devenv.engines.native.app import App  # it reads Dockerfiles, which takes its time to import

            return App(place)
        kind = self.kind(service)
        return kind(place, kind.choose(place))

    @staticmethod
    def kind(service: Service) -> type[Server]:
        """What kind of server a sidecar needs. Raises `MissingError` where there is no such thing."""
        if service.native is None:
            what = f"recipe `{service.recipe}`" if service.recipe else f"image `{service.image}`"
            hint = "it needs a Docker engine"
            raise MissingError(f"`{service.name}` has no native form: the {what} runs in a container only", hint=hint)
        return server_of(service.native.provider)

    def all(self, services: Iterable[Service], reporter: Reporter, *, allow_missing: bool) -> dict[str, Served]:
        """What serves each of them; what no app depends on may be missing, and is told.

        Raises `EngineError` for what else is missing, unless that is allowed.
        """
        found: dict[str, Served] = {}
        missing: list[tuple[Service, MissingError]] = []
        for service in services:
            try:
                found[service.name] = self.server(service)
            except MissingError as error:
                missing.append((service, error))
        needed = [(service, error) for service, error in missing if service.exports and not allow_missing]
        if needed:
            _, first = needed[0]
            others = f" (and {len(needed) - 1} more: {', '.join(s.name for s, _ in needed[1:])})" if needed[1:] else ""
            hint = f"{first.hint}; to start the rest without it: --allow-missing"
            raise EngineError(first.message + others, hint=hint)
        for _, lacking in missing:
            reporter.emit(Notice(f"{lacking.message}: {lacking.hint}", "warning"))
        self._note(found, missing)
        return found

    def _note(self, found: dict[str, Served], missing: Iterable[tuple[Service, DevenvError]]) -> None:
        record = dict(self.project.state.load(RECORD) or {})
        for name, server in found.items():
            record[name] = [server.shown, list(server.differs)]
        record |= {service.name: ["", [error.hint]] for service, error in missing}
        if record != self.project.state.load(RECORD):
            self.project.state.save(RECORD, record)


def base(project: Project, service: Service) -> Path:
    """The folder below which a service's data and files are: root's postgres has another one, see `account`."""
    if service.native and service.native.provider == "postgres" and substitute():
        return Supervision(project).of_root
    return project.state.folder / "native"


def bases(project: Project) -> tuple[Path, ...]:
    """All such folders."""
    own = project.state.folder / "native"
    return (own, Supervision(project).of_root) if substitute() else (own,)
