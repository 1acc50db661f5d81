"""The verb `doctor`: looks at all that `up` depends on, and says of each thing how it is; starts and mends nothing."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from devenv import __version__
from devenv.engines import READY, STARTING, UNHEALTHY
from devenv.engines.choice import VARIABLE
from devenv.engines.compose import about
from devenv.engines.native import survey
from devenv.engines.native.find import Found
from devenv.engines.native.survey import Prospect
from devenv.engines.ports import holder, is_free
from devenv.errors import DevenvError, ManifestError
from devenv.stack import Bindings, Service, Stack
from devenv.state import complete_secrets, state_home
from devenv.workflow import Session

OK, WARNING, ERROR = "ok", "warning", "error"
_LITTLE = 500_000_000
"""Bytes of free disk below which a database may soon have none."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. Of `state` warning `up` goes on, of error it does not.

    `details` are more lines about it, `hint` is what to do.
    """

    group: str
    name: str
    state: str
    message: str
    details: tuple[str, ...] = ()
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """All checks; `engine` is what `up` would use, `found` what could serve each sidecar without containers."""

    project: str | None
    engine: str
    checks: tuple[Check, ...]
    found: Mapping[str, tuple[Found, ...]]

    @property
    def well(self) -> bool:
        """Whether `up` would work."""
        return all(check.state != ERROR for check in self.checks)


def examine(session: Session | None, wanted: str | None = None) -> Report:
    """Look at this machine, and at a project where there is one. Raises `InputError` for an engine that is none."""
    docker, compose = _asked(about.engine), _asked(about.compose)
    containers = not isinstance(docker, DevenvError)
    if session:
        engine, why = session.engine.name, session.choice.why
    else:
        asked = wanted or os.environ.get(VARIABLE) or "auto"
        engine = asked if asked != "auto" else "compose" if containers else "native"
        why = "" if asked != "auto" or containers else "no Docker engine answers"
    need = ERROR if engine == "compose" else OK
    checks = [
        Check("machine", "devenv", OK, f"{__version__}, Python {platform.python_version()}, {_system()}"),
        _told("docker", docker, need),
        *([_told("compose", compose, need)] if containers else []),
    ]
    reason = f": {why}" if why else ""
    means = {"native": "processes of this machine", "compose": "containers"}[engine]
    checks.append(Check("machine", "engine", OK, f"{engine}, {means}{reason}"))
    checks.append(_folder(session.project.state.folder if session else state_home()))
    if session is None:
        prospects = survey.machine()
        checks += [_server(each, "servers", needed=False, shown="") for each in prospects if engine == "native"]
        return Report(None, engine, tuple(checks), {each.name: each.found for each in prospects})
    try:
        stack = session.stack()
    except DevenvError as error:
        checks.append(_wrong_manifest(session, error))
        return Report(session.project.id, engine, tuple(checks), {})
    prospects = survey.sidecars(session.project, _sidecars(stack), _bindings(session, stack))
    checks += _Project(session, stack, engine).checks(prospects)
    return Report(session.project.id, engine, tuple(checks), {each.name: each.found for each in prospects})


@dataclass(frozen=True)
class _Project:
    """What is looked at in a project."""

    session: Session
    stack: Stack
    engine: str

    def checks(self, prospects: list[Prospect]) -> Iterator[Check]:
        """The services in their order, then ports and leftovers."""
        served = {each.name: each for each in prospects}
        for service in self.stack:
            native = self.engine == "native" or service.host
            if service.role == "app":
                yield self._app(service) if native else Check("services", service.name, OK, "its image")
            elif native:
                needed = bool(service.exports) and not service.profile
                yield _server(served[service.name], "services", needed=needed, shown=service.name)
            else:
                yield Check("services", service.name, OK, service.image or "")
        yield self._ports()
        yield from self._leftovers()

    def _app(self, service: Service) -> Check:
        bindings = _bindings(self.session, self.stack)
        try:
            return Check("services", service.name, OK, survey.app(self.session.project, service, bindings))
        except DevenvError as error:
            return Check("services", service.name, ERROR, error.message, hint=error.hint or "")

    def _ports(self) -> Check:
        """Who holds the ports that are wanted."""
        kept = self.session.project.state.bindings()
        running, moved, taken, free = self._running(), [], [], []
        for service in self.stack:
            for port in service.ports:
                number = kept.ports.get((service.name, port.container), port.host)
                if number != port.host:
                    moved.append(f"{number} for {service.name}, as {port.host} was taken")
                if service.name in running or is_free(number):
                    free.append(number)
                else:
                    taken.append(f"{number} of {service.name} is held by {holder(number)}")
        if taken:
            hint = "`up` takes the next free one; with --strict-ports it fails"
            return Check("project", "ports", WARNING, taken[0], (*taken[1:], *moved), hint)
        numbers = " ".join(map(str, free))
        ours = "held by this project" if running else "free"
        return Check("project", "ports", OK, f"{numbers} {ours}" if free else "none", tuple(moved))

    def _running(self) -> set[str]:
        bindings = self.session.project.state.bindings()
        try:
            states = self.session.engine.status(self.stack, bindings)
        except (DevenvError, KeyError):
            return set()
        return {each.name for each in states if each.state in (READY, STARTING, UNHEALTHY)}

    def _leftovers(self) -> Iterator[Check]:
        left = survey.leftovers(self.session.project)
        if left:
            shown = ", ".join(map(str, left))
            yield Check("project", "leftovers", WARNING, f"processes that nobody keeps: {shown}", hint="devenv down")
        else:
            yield Check("project", "leftovers", OK, "none")


def _sidecars(stack: Stack) -> list[Service]:
    return [service for service in stack if service.role == "sidecar"]


def _bindings(session: Session, stack: Stack) -> Bindings:
    """Ports and secrets as they are, or as the manifest asks for them where nothing was bound yet; kept nowhere."""
    kept = complete_secrets(stack, session.project.state.bindings())
    asked = {(service.name, port.container): port.host for service in stack for port in service.ports}
    return replace(kept, ports={**asked, **kept.ports})


def _system() -> str:
    return f"{platform.system()} {platform.machine()}"


def _asked(question: Callable[[], str]) -> str | DevenvError:
    try:
        return question()
    except DevenvError as error:
        return error


def _told(name: str, answer: str | DevenvError, need: str) -> Check:
    if isinstance(answer, str):
        return Check("machine", name, OK, answer)
    details = (answer.where,) if answer.where else ()
    return Check("machine", name, need if need == ERROR else WARNING, answer.message, details, answer.hint or "")


def _folder(folder: Path) -> Check:
    """The nearest folder that is there: it is made at the first `up`."""
    near = next(each for each in (folder, *folder.parents) if each.exists())
    if not (near.is_dir() and os.access(near, os.W_OK | os.X_OK)):
        hint = "set DEVENV_STATE_HOME to a folder that you may write to"
        return Check("machine", "state", ERROR, f"{near} can't be written to", hint=hint)
    if (left := shutil.disk_usage(near).free) < _LITTLE:
        hint = "make room, or set DEVENV_STATE_HOME to a folder of another disk"
        return Check("machine", "state", WARNING, f"{near} has {left // 1_000_000} MB left", hint=hint)
    return Check("machine", "state", OK, str(folder))


def _server(prospect: Prospect, group: str, *, needed: bool, shown: str) -> Check:
    others = tuple(f"also here: {each.shown}" for each in prospect.found[1:])
    if problem := prospect.problem:
        state = ERROR if needed or prospect.found else WARNING
        message = f"{prospect.found[0].shown}: {problem.message}" if prospect.found else problem.message
        return Check(group, prospect.name, state, message, others, problem.hint or "")
    first = prospect.found[0]
    return Check(group, prospect.name, OK, first.shown, (*first.differs, *others))


def _wrong_manifest(session: Session, error: DevenvError) -> Check:
    problems = error.problems if isinstance(error, ManifestError) else ()
    details = tuple(f"{each.where}: {each.message}" for each in problems)
    return Check("project", "manifest", ERROR, error.message, details if len(details) > 1 else (), "devenv validate")
