"""`run`: what a command needs, brought up in a copy of the project; starts the command nowhere itself."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, replace

from devenv.engines import READY, STOPPED, Command, Wish
from devenv.stack import Bindings, Service, Stack, Vantage, bind
from devenv.workflow import HOST_APP, Session, known_app, select

MARK = "DEVENV_COPY"
"""In the command's environment: the copy that it runs in."""
_LAST_LINES = 20


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What `run` was asked for; `inside` is the app in whose image the command runs."""

    services: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    with_app: bool = False
    inside: str | None = None
    setup: bool = True
    timeout: float = 120.0


@dataclass(frozen=True)
class Prepared:
    """A copy in which a command can run: `stack` is what was brought up of it, and the apps that it is for."""

    session: Session
    options: RunOptions
    stack: Stack
    bindings: Bindings

    def environment(self) -> dict[str, str]:
        """What the command is told of what was brought up, by the names that an app is told it."""
        here = {service.name for service in self.stack if service.role == "sidecar" or self.options.with_app}
        value = self.bindings.resolver(Vantage.HOST)

        def address(app: Service) -> dict[str, str]:
            urls = [bind(port.url, value) for port in app.ports if port.url and app.name in here]
            return {f"{app.name.upper().replace('-', '_')}_URL": url for url in urls[:1]}

        return {**self.session.stack().told(here, value, address), MARK: self.session.project.id}

    def command(self, words: tuple[str, ...]) -> Command:
        """What to run on this machine: the command with that environment, or what runs it in an app's image."""
        if self.options.inside is None:
            return Command(words, {**os.environ, **self.environment()})
        terminal = sys.stdin.isatty() and sys.stdout.isatty()
        app = self.stack[self.options.inside]
        found = self.session.engine.beside(self.stack, app, words, terminal=terminal)
        return replace(found, env={**os.environ, **found.env, MARK: self.session.project.id})

    def lost(self) -> dict[str, tuple[str, list[str]]]:
        """Sidecars that were ready and answer no more: how that shows, and their last lines."""
        engine = self.session.engine
        result: dict[str, tuple[str, list[str]]] = {}
        for status in engine.status(self.stack, self.bindings):
            asked = any(check.kind != "running" for check in self.stack[status.name].ready)
            done = status.state == STOPPED and not asked
            if status.role == "sidecar" and status.state != READY and not done:
                lines = [line for _, line in engine.logs([status.name], lines=str(_LAST_LINES), stay=False)]
                result[status.name] = (status.reason, lines)
        return result


def prepare(session: Session, options: RunOptions, only: frozenset[str] | None = None) -> Prepared:
    """Bring up, in the session's copy, what a command needs, ready and set up; of that `only` some services.

    Raises `DevenvError`, for a service that does not come up with its last lines.
    """
    stack = session.stack()
    on_host = not options.with_app and options.inside is None
    if session.project.state.load(HOST_APP) is not on_host:
        session.project.state.save(HOST_APP, on_host)
    apps = {service.name for service in _apps(stack, options)}
    part = stack.only(apps | sidecars(stack, options))
    if not options.setup:
        part = replace(part, services=tuple(replace(service, setup=()) for service in part))
    chosen = tuple(service for service in part if only is None or service.name in only)
    held = frozenset() if options.with_app else frozenset(apps)
    with session.lock():
        bindings = session.engine.up(part, Wish(chosen, options.timeout, held=held), session.reporter)
    return Prepared(session, options, part, bindings)


def check(stack: Stack, options: RunOptions) -> None:
    """Raises `InputError` for a name that is not there, before anything is made."""
    sidecars(stack, options)
    if options.inside is not None:
        known_app(stack, options.inside)


def sidecars(stack: Stack, options: RunOptions) -> set[str]:
    """The sidecars to bring up: those that are named; else all that a command can make use of."""
    chosen = select(stack, options.services, options.profiles)
    if options.services:
        return {service.name for service in chosen if service.role == "sidecar"}
    useful = {service.name for service in stack.useful}
    return {s.name for s in chosen if s.role == "sidecar" and (s.profile or s.name in useful)}


def _apps(stack: Stack, options: RunOptions) -> list[Service]:
    """The apps that take part: all that run, the one in whose image the command runs, those with a setup."""
    apps = [service for service in stack if service.role == "app" and not service.profile]
    if options.with_app:
        return apps
    if options.inside is not None:
        return [stack[options.inside], *(app for app in apps if app.setup and app.name != options.inside)]
    return [app for app in apps if app.setup and options.setup]
