"""What could serve each sidecar of a project here, and what was left behind, for those who only ask."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from devenv.engines.native import identity
from devenv.engines.native.app import App
from devenv.engines.native.client import Supervision
from devenv.engines.native.find import Found
from devenv.engines.native.providers import PROVIDERS, server_of
from devenv.engines.native.record import Record
from devenv.engines.native.serving import Serving
from devenv.errors import DevenvError, EngineError
from devenv.project import Project
from devenv.stack import Bindings, Service


@dataclass(frozen=True, slots=True)
class Prospect:
    """What could serve a service, the first choice first; with `problem` nothing can."""

    name: str
    found: tuple[Found, ...] = ()
    problem: DevenvError | None = None


def sidecars(project: Project, services: Iterable[Service], bindings: Bindings) -> list[Prospect]:
    """A prospect for each sidecar."""
    serving = Serving(project, bindings)
    return [_sidecar(serving, service) for service in services]


def app(project: Project, service: Service, bindings: Bindings) -> str:
    """The program that an app would run, and where. Raises `MissingError` where it is not here."""
    found = App(Serving(project, bindings).place(service))
    program = found.program()
    return f"{program.argv[0]}, in {program.folder}"


def machine() -> list[Prospect]:
    """What could serve each kind of sidecar, whatever a project asks for."""
    found = []
    for name in PROVIDERS:
        kind = server_of(name)
        here = tuple(kind.available())
        problem = None if here else EngineError("not here", hint=f"install {kind.install()}")
        found.append(Prospect(name, here, problem))
    return found


def leftovers(project: Project) -> list[int]:
    """Processes whose supervisor went without a word: the next command that starts or ends something ends them."""
    if not Record(project.state.folder).load().abandoned:
        return []
    supervision = Supervision(project)
    return identity.marked(supervision.mark, supervision.folders)


def _sidecar(serving: Serving, service: Service) -> Prospect:
    try:
        kind, place = serving.kind(service), serving.place(service)
        found = tuple(kind.options(place))
        if not found:
            raise kind.missing(place)
        lacks = found[0].lacks
        problem = EngineError(", ".join(lacks), hint=kind.remedy) if lacks else None
        return Prospect(service.name, found, problem)
    except DevenvError as error:
        return Prospect(service.name, (), error)
