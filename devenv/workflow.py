"""The verbs, each a short function over the nine words; the command line turns flags into one call of one of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from devenv import copies, watchers
from devenv.engines import ServiceStatus, Wish
from devenv.engines.native import NOTE
from devenv.errors import DevenvError, InputError, UnknownServiceError
from devenv.events import Notice, NullReporter, Reporter
from devenv.project import Project, load, locate
from devenv.stack import Bindings, Service, Stack, Vantage, environment
from devenv.state import complete_secrets, this_command

if TYPE_CHECKING:
    from devenv.engines import Engine
    from devenv.engines.choice import Choice
    from devenv.engines.compose.engine import ComposeEngine
    from devenv.engines.live import Report

HOST_APP = "host-app"
"""In the project's state: whether the last `up` was asked to run the apps on the host."""
LOCK_TIMEOUT = 600.0
"""Seconds to wait for another devenv on this project: its build may take a while."""


@dataclass(frozen=True)
class Session:
    """One command's view of one project."""

    project: Project
    reporter: Reporter = field(default_factory=NullReporter)
    wanted: str | None = None  # the engine that was asked for

    @classmethod
    def at(
        cls, folder: Path, file: Path | None, reporter: Reporter | None = None, *, engine: str | None = None
    ) -> Session:
        """The project that a folder is in, or that a manifest names. Raises `InputError`."""
        from devenv.manifest.find import find_manifest

        return cls(locate(find_manifest(folder, file)), reporter or NullReporter(), engine)

    @cached_property
    def choice(self) -> Choice:
        """The engine that serves this project, and why."""
        from devenv.engines.choice import choose  # half of the commands need none

        return choose(self.project, self.wanted)

    @cached_property
    def engine(self) -> Engine:
        """The engine that serves this project, with processes beside its containers for apps that run on the host."""
        engine = self.choice.engine
        if engine.name == "native":
            return engine
        on_host = self._on_host()
        if not on_host and not (self.project.state.folder / NOTE).exists():
            return engine
        from devenv.engines.host_apps import HostApps
        from devenv.engines.native.engine import NativeEngine

        return HostApps(self.compose, NativeEngine(self.project), on_host)

    @property
    def compose(self) -> ComposeEngine:
        """The same where it has to be the one that makes containers. Raises `InputError` where it is not."""
        from devenv.engines.compose.engine import ComposeEngine

        engine = self.choice.engine
        if not isinstance(engine, ComposeEngine):
            raise InputError("this is about containers, and the project runs without them", hint="--engine compose")
        return engine

    def _on_host(self) -> frozenset[str]:
        """The apps that run on the host, by the manifest or by the last `up --host-app`; none of a broken manifest."""
        try:
            stack = self.stack()
        except DevenvError:
            return frozenset()
        every = bool(self.project.state.load(HOST_APP))
        return frozenset(service.name for service in stack if service.role == "app" and (service.host or every))

    def stack(self) -> Stack:
        """The resolved stack. Raises `ManifestError`."""
        return load(self.project)

    def lock(self, timeout: float = LOCK_TIMEOUT) -> AbstractContextManager[None]:
        """Hold the project's lock; whoever has to wait is told for whom."""

        def waiting(holder: str) -> None:
            self.reporter.emit(Notice(f"waiting for `{holder}`, which works on this project"))

        return self.project.state.lock(this_command(), timeout=timeout, waiting=waiting)

    def bindings(self, stack: Stack) -> Bindings:
        """Ports and secrets in force; what is missing is bound now, as the next `up` would."""
        kept = self.project.state.bindings()
        complete = complete_secrets(stack, kept)
        missing = [s for s in stack for p in s.ports if (s.name, p.container) not in kept.ports]
        if complete == kept and not missing:
            return kept
        from devenv.engines.ports import allocate

        with self.lock():
            held = set(kept.ports)
            bound = allocate(stack, complete, self.reporter, held=held)
            self.project.state.bind(bound)
        return bound


@dataclass(frozen=True, slots=True)
class UpOptions:
    """What `up` was asked for."""

    services: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    timeout: float = 120.0
    strict_ports: bool = False
    build: bool = False
    allow_missing: bool = False
    host_app: bool = False


def up(session: Session, options: UpOptions) -> list[ServiceStatus]:
    """Bring the stack up, ready; gives the status of what was started, without asking again."""
    from devenv.engines.choice import remember

    copies.sweep()
    stack = session.stack()
    selected = select(stack, options.services, options.profiles)
    if bool(session.project.state.load(HOST_APP)) != options.host_app:
        session.project.state.save(HOST_APP, options.host_app)
    wish = Wish(selected, options.timeout, options.strict_ports, options.build, allow_missing=options.allow_missing)
    if session.choice.why and session.engine.name == "native":
        reason = session.choice.why
        session.reporter.emit(Notice(f"the native engine runs this, without containers: {reason}"))
    with session.lock():
        remember(session.project, session.choice)
        bindings = session.engine.up(stack, wish, session.reporter)
    return session.engine.answered(stack, selected, bindings)


def down(session: Session) -> list[str]:
    """Remove containers and network; the data stays. Needs no valid manifest. Whoever watches the project ends.

    Copies of the project that were kept are removed for good: they hold nothing to be missed.
    """
    watchers.end(session.project.state)
    with session.lock():
        ended = session.engine.stop((), session.reporter, remove=True)
    for copy in copies.kept(session.project):
        session.reporter.emit(Notice(f"removing the copy `{copy.id}`"))
        copies.discard(copy)
        ended.append(copy.id)
    copies.sweep()
    return ended


def stop(session: Session, services: Sequence[str]) -> list[str]:
    """End services, keeping their containers."""
    with session.lock():
        return session.engine.stop(services, session.reporter, remove=False)


def restart(session: Session, services: Sequence[str], timeout: float) -> list[ServiceStatus]:
    """Restart services (with none all that are there) and wait until they are ready again."""
    stack = session.stack()
    names = known(stack, services)
    with session.lock():
        names = names or session.engine.present() or list(stack.names)
        selected = [service for service in stack if service.name in names]
        bindings = session.project.state.bindings()
        session.engine.restart(selected, bindings, session.reporter, timeout)
    return session.engine.answered(stack, selected, bindings)


def sync(session: Session) -> list[Report]:
    """Compare what runs with the files here once, bring over what differs, and say what that was."""
    with session.lock():
        live = session.engine.live(session.stack(), session.project.state.bindings())
        live.refresh()
        return live.react(live.look(None))


def status(session: Session) -> list[ServiceStatus]:
    """What every service is doing."""
    stack = session.stack()
    return session.engine.status(stack, session.project.state.bindings())


def variables(session: Session, vantage: Vantage, app: str | None) -> dict[str, str]:
    """An app's environment, or all that the sidecars export where there is no app."""
    from devenv.stack import bind

    stack = session.stack()
    bindings = session.bindings(stack)
    apps = [service for service in stack if service.role == "app"]
    if app is not None:
        known(stack, [app])
        return environment(stack, stack[app], vantage, bindings)
    value = bindings.resolver(vantage)
    result = {name: bind(text, value) for service in stack for name, text in service.exports}
    for service in reversed(apps):
        result |= environment(stack, service, vantage, bindings)
    return result


def private(session: Session) -> list[str]:
    """The values that are in no file of the repository: passwords that devenv made, what dotenv files hold."""
    stack = session.stack()
    secrets = session.bindings(stack).secrets
    return [
        secrets[service.name, secret.name]
        for service in stack
        for secret in service.secrets
        if secret.value is None or service.role == "app"
    ]


def select(stack: Stack, names: Sequence[str], profiles: Sequence[str]) -> tuple[Service, ...]:
    """The services that `up` is about. Raises `UnknownServiceError`."""
    from devenv.suggest import did_you_mean

    available = sorted({service.profile for service in stack if service.profile})
    for profile in profiles:
        if profile not in available:
            hint = did_you_mean(profile, available) or f"profiles: {', '.join(available) or 'none'}"
            raise UnknownServiceError(f"no profile is called `{profile}`", hint=hint)
    return stack.select(known(stack, names), profiles)


def known(stack: Stack, names: Iterable[str]) -> list[str]:
    """The names, all of which the stack has. Raises `UnknownServiceError`."""
    names = list(names)
    for name in names:
        if name not in stack.names:
            from devenv.suggest import did_you_mean

            hint = did_you_mean(name, stack.names) or f"services: {', '.join(stack.names)}"
            raise UnknownServiceError(f"no service is called `{name}`", hint=hint)
    return names
