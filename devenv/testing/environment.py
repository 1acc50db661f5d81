"""Where the servers are that a process's tests use: the copy it was started in, a running stack, or a copy of its own.

Several processes of one test run share what the first of them brings up. A service comes up when it is first asked for.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from devenv import copies
from devenv.engines import READY
from devenv.errors import DevenvError, InputError
from devenv.events import NullReporter, Reporter
from devenv.process import capture
from devenv.run import MARK, Prepared, RunOptions, prepare, sidecars
from devenv.stack import Bindings, Service, Stack, Vantage, bind
from devenv.workflow import Session

LONGEST_SETUP = 600.0
"""Seconds that one command of a setup may take."""
_LAST_LINES = 20
_UP = "up"
"""In the state of a copy that tests use: the services that one of them has seen ready."""
_OPTIONS = RunOptions(setup=False)
_FIRST = ("master", "gw0")
"""The processes of a run that are likely to be the one that sets up."""


@dataclass(frozen=True, slots=True)
class Run:
    """Which tests these are: `id` is the same in all processes of one run, `worker` is this one's name."""

    id: str
    worker: str = "master"

    @property
    def number(self) -> int:
        """The worker's number; that of a process without others is 0."""
        digits = "".join(each for each in self.worker if each.isdigit())
        return int(digits or "0")


class Environment:
    """A project's servers, as this process's tests use them. Its methods raise `DevenvError`."""

    def __init__(self, session: Session, run: Run, *, shared: bool) -> None:
        """`shared`: others use the servers too, so nothing of theirs may be touched."""
        self.session, self.run, self.shared = session, run, shared

    @property
    def stack(self) -> Stack:
        """The project's services."""
        return self.session.stack()

    @property
    def bindings(self) -> Bindings:
        """Ports and secrets in force, those of apps too."""
        return self.session.bindings(self.stack)

    def service(self, probe: str) -> Service:
        """The first sidecar that answers this protocol, ready. Raises `InputError` where the manifest has none."""
        for service in self._speaking(probe):
            self.bring_up(service.name)
            return service
        named = ", ".join(service.name for service in self.stack if service.role == "sidecar")
        hint = f"sidecars: {named or 'none'}"
        raise InputError(f"no sidecar speaks {probe}", where=str(self.session.project.manifest), hint=hint)

    def has(self, probe: str) -> bool:
        """Whether a sidecar answers this protocol."""
        return bool(self._speaking(probe))

    def _speaking(self, probe: str) -> list[Service]:
        sidecars = (service for service in self.stack if service.role == "sidecar")
        return [service for service in sidecars if any(check.kind == probe for check in service.ready)]

    def bring_up(self, *names: str) -> None:
        """Make sure that these sidecars, or all without a name, are there and ready."""
        chosen = names or tuple(service.name for service in self._part())
        if self.setups and self.run.worker in _FIRST:
            threading.Thread(target=_load_apps, daemon=True).start()
        if self.shared or self._are_up(chosen):
            return
        state = self.session.project.state
        with state.lock("a test", timeout=LONGEST_SETUP, waiting=lambda holder: None, name="bring-up.lock"):
            if not self._are_up(chosen):
                prepare(self.session, _OPTIONS, only=frozenset(chosen))
                state.save(_UP, sorted({*chosen, *(state.load(_UP) or ())}))

    def _are_up(self, names: Collection[str]) -> bool:
        """Whether a process of this run has seen these services ready."""
        return set(names) <= set(self.session.project.state.load(_UP) or ())

    @property
    def env(self) -> dict[str, str]:
        """What an app is told of all sidecars, which are brought up for it."""
        self.bring_up()
        return Prepared(self.session, _OPTIONS, self._part(), self.bindings).environment()

    def value(self, service: Service, name: str) -> str:
        """A parameter of the service's probe, such as its password; empty where it has none."""
        resolve = self.bindings.resolver(Vantage.HOST)
        for check in service.ready:
            for key, text in check.params:
                if key == name:
                    return bind(text, resolve)
        return ""

    def port(self, service: Service, probe: str = "") -> int:
        """The port of this machine at which a service answers a protocol, or its first one."""
        inside = next((check.port for check in service.ready if check.kind == probe), service.ports[0].container)
        return self.bindings.ports[service.name, inside]

    @property
    def setups(self) -> list[Service]:
        """The apps that have one."""
        return [service for service in self.stack if service.role == "app" and service.setup]

    def set_up(self, changed: Callable[[Mapping[str, str]], Mapping[str, str]]) -> None:
        """Run the apps' setups on this machine, in a changed environment. Raises `DevenvError` with last lines."""
        if not self.setups:
            return
        from devenv.engines.native.app import App
        from devenv.engines.native.serving import Serving

        env = self.env
        serving = Serving(self.session.project, self.bindings)
        for service in self.setups:
            app = App(serving.place(service))
            for command in service.setup:
                found = app.command([app.place.text(word) for word in command])
                values = {**found.env, **env, **changed(env)}
                code, output = capture(found.words, timeout=LONGEST_SETUP, env=values, folder=found.folder)
                if code != 0:
                    last = "\n".join(output.splitlines()[-_LAST_LINES:])
                    raise DevenvError(f"the setup `{' '.join(found.words)}` exits with {code}:\n{last}")

    def _part(self) -> Stack:
        return self.stack.only(sidecars(self.stack, _OPTIONS))


def _load_apps() -> None:
    """What a setup needs takes as long to import as a server to start."""
    import devenv.engines.native.app
    import devenv.engines.native.serving  # noqa: F401


def begin(folder: Path, run: Run, end: contextlib.ExitStack, reporter: Reporter | None = None) -> Environment:
    """The environment of the project that a folder is in; `end` gives back what it holds. Raises `DevenvError`."""
    if name := os.environ.get(MARK):
        copy, engine = copies.find(name)
        return Environment(Session(copy, reporter or NullReporter(), engine), run, shared=False)
    original = Session.at(folder, None, reporter)
    if _is_running(original):
        return Environment(original, run, shared=True)
    engine = original.choice.engine.name
    copy = end.enter_context(copies.join(original.project, engine, run.id))
    return Environment(replace(original, project=copy, wanted=engine), run, shared=False)


def _is_running(session: Session) -> bool:
    """Whether all that tests can make use of runs already, and they can have databases like it there."""
    stack = session.stack()
    wanted = sidecars(stack, _OPTIONS)
    if not wanted or not wanted <= set(session.engine.present()):
        return False
    if any(file.source for name in wanted for file in stack[name].files):
        return False  # the first start has run scripts of the project, which a new database would lack
    status = session.engine.status(stack.only(wanted), session.project.state.bindings())
    return all(each.state == READY for each in status)
