"""`up` for the native engine: what runs, what is wanted, what has to go, what has to start."""

from __future__ import annotations

from dataclasses import dataclass, field

from devenv.engines import Wish, ports
from devenv.engines.launch import Job, Launch
from devenv.engines.native.app import App
from devenv.engines.native.client import Supervision
from devenv.engines.native.processes import LONGEST_STOP, Processes
from devenv.engines.native.program import Seen
from devenv.engines.native.providers.base import Server
from devenv.engines.native.serving import Serving
from devenv.engines.native.setups import Setups
from devenv.events import Phase, Reporter, ServicePhase
from devenv.project import Project
from devenv.stack import Bindings, Stack
from devenv.state import complete_secrets


@dataclass
class Up:
    """One `up` of one project."""

    project: Project
    stack: Stack
    wish: Wish
    reporter: Reporter
    supervision: Supervision = field(init=False)

    def __post_init__(self) -> None:
        self.supervision = Supervision(self.project)

    def run(self) -> Bindings:
        """Bring the wished services up, ready; gives the bindings in force."""
        self.supervision.clear()
        seen = self.supervision.seen()
        bindings = self._bind(seen)
        serving = Serving(self.project, bindings)
        served = serving.all(self.wish.services, self.reporter, allow_missing=self.wish.allow_missing)
        digests = {name: serving.digest(server) for name, server in served.items()}
        services = [service for service in self.wish.services if service.name in served]
        cut_off = {name for name, server in served.items() if name in seen and _is_cut_off(seen[name], server)}
        self._stop_others(seen, digests, cut_off)
        setups = Setups(serving, services, digests)
        runtime = Processes(self.supervision, served, digests)
        jobs = []
        for service in services:
            known = seen.get(service.name)
            start = known is None or known.state != "running" or known.digest != digests[service.name]
            start = start or service.name in cut_off
            due = tuple((name, name) for name in setups.due(service)) if service.setup else ()
            jobs.append(Job(service, service.name, start, due, provision=start and bool(service.provision)))
        if any(job.start or job.setups for job in jobs):
            self.supervision.ensure()
        Launch(
            runtime, bindings, self.reporter, self.wish.timeout, setups.ended_well, self._answered, self.wish.hurry
        ).run(jobs)
        return bindings

    def _bind(self, seen: dict[str, Seen]) -> Bindings:
        """Ports and secrets, those of what runs as they are."""
        state = self.project.state
        kept = state.bindings()
        held = {key for key in kept.ports if key[0] in seen and seen[key[0]].alive}
        services = [service for service in self.stack if service in self.wish.services]
        bindings = complete_secrets(self.stack, kept)
        bindings = ports.allocate(services, bindings, self.reporter, held=held, strict=self.wish.strict_ports)
        if bindings != kept:
            state.bind(bindings)
        return bindings

    def _stop_others(self, seen: dict[str, Seen], digests: dict[str, str], cut_off: set[str]) -> None:
        """End what runs with other settings than are wanted, and what an interrupted command was in the middle of."""
        alive = {name: now for name, now in seen.items() if now.alive}
        changed = [name for name, now in digests.items() if name in alive and alive[name].digest != now]
        for name in changed:
            self.reporter.emit(ServicePhase(name, Phase.RECREATING, "its settings changed"))
        for name in cut_off.difference(changed):
            self.reporter.emit(ServicePhase(name, Phase.RECREATING, "an earlier start of it was cut off"))
            changed.append(name)
        changed += [name for name in alive if "." in name and name.partition(".")[0] in digests]
        if changed:
            self.supervision.stop(changed, remove=True, timeout=LONGEST_STOP)

    def _answered(self, name: str) -> None:
        self.supervision.arm([name])


def _is_cut_off(seen: Seen, server: Server | App) -> bool:
    """Whether something is about to end, or is a server that nobody has seen ready.

    What has to be done before the first client of such a one may not be done.
    """
    return seen.alive and (seen.state == "stopping" or (isinstance(server, Server) and not seen.armed))
