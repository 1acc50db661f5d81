"""The native engine's verbs, each a short call of its module; gets a Stack and a Reporter, never prints or exits."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from devenv.artifacts.names import owner_of
from devenv.engines import (
    EXITED,
    MISSING,
    READY,
    STOPPED,
    UNHEALTHY,
    Command,
    ServiceStatus,
    Wish,
    addresses_of,
)
from devenv.engines.launch import Job, Launch
from devenv.engines.live import Follower, Heard, Listener, Live, Told
from devenv.engines.native import logs
from devenv.engines.native.client import Supervision, runtime_folder
from devenv.engines.native.place import DATA, LOGS
from devenv.engines.native.processes import LONGEST_STOP, Processes, how
from devenv.engines.native.program import MARK, Seen
from devenv.engines.native.serving import RECORD, Serving, bases
from devenv.engines.native.up import Up
from devenv.engines.readiness import Asker, standing
from devenv.errors import EngineError
from devenv.events import Phase, Reporter, ServicePhase
from devenv.project import Project
from devenv.stack import Bindings, Service, Stack, Text

_ALL = 1_000_000_000


@dataclass(frozen=True)
class NativeEngine:
    """One project as processes of this machine."""

    project: Project
    name = "native"

    @property
    def supervision(self) -> Supervision:
        """Who keeps the processes."""
        return Supervision(self.project)

    def check(self) -> None:
        """This machine is always there."""

    def runtime(self, service: Service, bindings: Bindings) -> Processes:
        """What starting a service and waiting for it need of the engine."""
        return self._processes(bindings, (service,))

    def get_ready(self, *, builds: bool = True) -> None:
        """Nothing takes long here."""

    def live(self, stack: Stack, bindings: Bindings) -> Live:
        """The stack's sources and processes, for reload."""
        from devenv.engines.native.live import NativeLive

        return NativeLive(self.project, stack, bindings)

    def happenings(self, heard: Heard) -> Listener:
        """Tell what happens to the project's processes."""
        from devenv.engines.native.following import Happenings

        return Happenings(self.supervision, heard)

    def follower(self, told: Told) -> Follower:
        """Tell what the services write."""
        from devenv.engines.native.following import Follower as NativeFollower

        return NativeFollower(self.project.state.folder / LOGS, told)

    def up(self, stack: Stack, wish: Wish, reporter: Reporter) -> Bindings:
        """Bring services up and wait until they are ready; see `Up`."""
        return Up(self.project, stack, wish, reporter).run()

    def stop(self, services: Sequence[str], reporter: Reporter, *, remove: bool) -> list[str]:
        """End the named services (all with none), each after those that need it. Data is untouched."""
        self.supervision.clear()
        chosen = [name for name in self.supervision.seen() if not services or owner_of(name) in services]
        own = sorted({owner_of(name) for name in chosen})
        for name in own:
            reporter.emit(ServicePhase(name, Phase.STOPPING))
        self.supervision.stop(chosen, remove=remove, timeout=LONGEST_STOP)
        if not any(seen.alive for seen in self.supervision.seen().values()):
            self.supervision.leave()
        for name in own:
            reporter.emit(ServicePhase(name, Phase.REMOVED if remove else Phase.STOPPED))
        return own

    def restart(self, services: Sequence[Service], bindings: Bindings, reporter: Reporter, timeout: float) -> None:
        """Restart the services' processes and wait until they are ready again."""
        seen = self.supervision.seen()
        missing = [service.name for service in services if service.name not in seen]
        if missing:
            raise EngineError(f"`{missing[0]}` is not there to restart", hint="run `devenv up`")
        runtime = self._processes(bindings, services)
        for service in services:
            reporter.emit(ServicePhase(service.name, Phase.STOPPING))
        self.supervision.stop([service.name for service in services], remove=False, timeout=LONGEST_STOP)
        self.supervision.ensure()
        jobs = [Job(service, service.name, start=True) for service in services]
        arm = self.supervision.arm
        Launch(runtime, bindings, reporter, timeout, answered=lambda name: arm([name])).run(jobs)

    def present(self) -> list[str]:
        """The services that are there, running or not."""
        return [name for name in self.supervision.seen() if "." not in name]

    def status(self, stack: Stack, bindings: Bindings) -> list[ServiceStatus]:
        """What each service is doing, by asking the supervisor and the services themselves."""
        seen = self.supervision.seen()
        alive = [service for service in stack if (now := seen.get(service.name)) and now.alive]
        runtime = self._processes(bindings, alive)
        return [self._status(service, seen.get(service.name), bindings, runtime) for service in stack]

    def answered(self, stack: Stack, services: Iterable[Service], bindings: Bindings) -> list[ServiceStatus]:
        """The status of services that have just answered; of those that can't be served here, that."""
        seen = self.supervision.seen()
        return [
            self._told(service, READY if service.name in seen else MISSING, "", None, bindings) for service in services
        ]

    def logs(self, services: Sequence[str], *, lines: str, stay: bool) -> Iterator[tuple[str, str]]:
        """(service, line) as they come: service by service, or with `stay` all at once until they end."""
        folder = self.project.state.folder / LOGS
        count = _ALL if lines == "all" else int(lines)
        paths = {name: folder / f"{name}.log" for name in services}
        if not stay:
            for name, path in paths.items():
                yield from ((name, line) for line in logs.tail(path, lines=count))
            return

        def over() -> bool:
            seen = self.supervision.seen()
            return not any(seen[name].alive for name in services if name in seen)

        yield from logs.follow(paths, over, lines=count)

    def inside(self, service: Service, command: Sequence[Text], *, terminal: bool) -> Command:
        """A command beside the service's process, with its environment."""
        seen = self.supervision.seen().get(service.name)
        if seen is None or not seen.alive:
            raise EngineError(f"`{service.name}` is not running", hint="run `devenv up`")
        server = Serving(self.project, self.project.state.bindings()).server(service)
        found = server.command([server.place.text(word) for word in command])
        # Without the mark: it is the user's own, and not to be ended with what a lost supervisor has left.
        return replace(found, env={name: value for name, value in found.env.items() if name != MARK})

    def beside(self, stack: Stack, service: Service, command: Sequence[str], *, terminal: bool) -> Command:
        """The command in the app's folder, with its environment."""
        from devenv.engines.native.app import App

        return App(Serving(self.project, self.project.state.bindings()).place(service)).command(command)

    def discard(self, reporter: Reporter) -> None:
        """End all processes of this project and remove its data."""
        self.stop((), reporter, remove=True)
        while any(seen.alive for seen in self.supervision.seen().values()):  # somebody was about to start something
            self.stop((), reporter, remove=True)
        self._forget()

    def volumes(self, services: Sequence[str] = ()) -> dict[str, str]:
        """The folders of data and whose each is."""
        found = [path.name for base in bases(self.project) for path in sorted((base / DATA).glob("*.*"))]
        owners = {name: owner_of(name) for name in found}
        return {name: owner for name, owner in owners.items() if not services or owner in services}

    def remove_volumes(self, names: Sequence[str]) -> None:
        """Remove folders of data by their exact names. No data comes back from this."""
        for base in bases(self.project):
            for name in names:
                if (base / DATA / name).is_dir():
                    shutil.rmtree(base / DATA / name)

    def forget(self, stack: Stack, reporter: Reporter) -> None:
        """Remove logs, generated files and the folder for sockets."""
        self._forget()

    def _forget(self) -> None:
        for base in bases(self.project):
            shutil.rmtree(base, ignore_errors=True)
        shutil.rmtree(self.project.state.folder / LOGS, ignore_errors=True)
        shutil.rmtree(runtime_folder(self.project), ignore_errors=True)

    def _processes(self, bindings: Bindings, services: Iterable[Service]) -> Processes:
        serving = Serving(self.project, bindings)
        served = {service.name: serving.server(service) for service in services}
        return Processes(self.supervision, served)

    def _status(self, service: Service, seen: Seen | None, bindings: Bindings, runtime: Processes) -> ServiceStatus:
        if seen is None:
            return self._told(service, MISSING, "no process", None, bindings)
        if not seen.alive:
            state = STOPPED if seen.told or seen.code in (0, None) else EXITED
            since = _iso(seen.ended) if seen.ended else None
            return self._told(service, state, how(seen) or "", since, bindings)
        since = _iso(seen.started)
        if seen.state == "waiting":
            reason = "it ends and is started again and again"
            return self._told(service, UNHEALTHY, reason, since, bindings)
        answer = Asker(runtime, service, bindings).ask(service.name, timeout=1.0)
        name, reason = standing(answer, time.time() - seen.started)
        return self._told(service, name, reason, since, bindings)

    def _told(self, service: Service, state: str, reason: str, since: str | None, bindings: Bindings) -> ServiceStatus:
        provider, differs = (self.project.state.load(RECORD) or {}).get(service.name, ("", ()))
        if state == MISSING and differs and not provider:
            reason = "nothing here serves it"
        return ServiceStatus(
            service.name,
            service.role,
            state,
            reason,
            since,
            None,
            addresses_of(service, bindings),
            provider or None,
            tuple(differs),
        )


def _iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat()
