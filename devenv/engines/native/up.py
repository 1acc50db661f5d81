"""`up` for the native engine: what runs, what is wanted, what has to go, what has to start."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from devenv.artifacts.names import owner_of
from devenv.engines import Wish, ports
from devenv.engines.launch import Job, Launch
from devenv.engines.native.client import Supervision
from devenv.engines.native.processes import LONGEST_STOP, Processes
from devenv.engines.native.program import Seen
from devenv.engines.native.providers.base import Served
from devenv.engines.native.serving import Serving
from devenv.errors import ServiceNotReadyError
from devenv.events import Phase, Reporter, ServicePhase
from devenv.project import Project
from devenv.stack import Bindings, Service, Stack
from devenv.state import complete_secrets

if TYPE_CHECKING:
    from devenv.engines.native.setups import Setups

_TRIES = 10
"""Times that ports are chosen: of projects that come up at once each time one gets what several want."""
_IN_USE = re.compile(r"address already in use|failed listening on port|port \d+ is (already )?(in use|allocated)", re.I)
"""What servers say of a port that somebody else has (Go, Redis, PostgreSQL, Python, Node)."""


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
        for _ in range(_TRIES):
            try:
                return self._once()
            except ServiceNotReadyError as error:
                last = error
                if not self._lost_its_port(error):
                    break
        raise last

    def _lost_its_port(self, error: ServiceNotReadyError) -> bool:
        """Whether it ended because somebody else took a port since we looked: then there is another one."""
        seen = self.supervision.seen().get(error.service)
        ended = seen is None or not seen.alive
        return ended and any(_IN_USE.search(line) for line in error.logs)

    def _once(self) -> Bindings:
        seen = self.supervision.seen()
        if not any(known.alive for known in seen.values()):
            self.supervision.ensure()  # it gets ready while we look for what it is to run
        bindings = self._bind(seen)
        serving = Serving(self.project, bindings)
        served = serving.all(self.wish.services, self.reporter, allow_missing=self.wish.allow_missing)
        digests = {name: server.digest for name, server in served.items()}
        services = [service for service in self.wish.services if service.name in served]
        setups = self._setups(serving, services, served, digests)
        stale = setups.stale(seen) if setups else {}
        cut_off = {name for name, server in served.items() if name in seen and _is_cut_off(seen[name], server)}
        self._stop_others(seen, digests, {**stale, **dict.fromkeys(cut_off, "an earlier start of it was cut off")})
        seen = self.supervision.seen()
        runtime = Processes(self.supervision, served)
        jobs = []
        for service in services:
            known = seen.get(service.name)
            start = known is None or known.state != "running" or known.digest != digests[service.name]
            due = tuple((name, name) for name in setups.due(service)) if setups else ()
            held = service.name in self.wish.held
            start = start and not held
            jobs.append(Job(service, service.name, start, due, start and bool(service.provision), held))
        if any(job.start or job.setups for job in jobs):
            self.supervision.ensure()
        done = setups.ended_well if setups else lambda name: None
        Launch(runtime, bindings, self.reporter, self.wish.timeout, done, self._answered, self.wish.hurry).run(jobs)
        return bindings

    @staticmethod
    def _setups(
        serving: Serving, services: Sequence[Service], served: dict[str, Served], digests: dict[str, str]
    ) -> Setups | None:
        """What only apps have; None where there are none, as it brings the reading of Dockerfiles with it."""
        if not any(service.role == "app" for service in services):
            return None
        from devenv.engines.native.setups import Setups

        return Setups(serving, services, served, digests)

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

    def _stop_others(self, seen: dict[str, Seen], digests: dict[str, str], others: dict[str, str]) -> None:
        """End what runs with other settings than are wanted, and what an interrupted command was in the middle of."""
        alive = {name: now for name, now in seen.items() if now.alive}
        changed = [name for name, now in digests.items() if name in alive and alive[name].digest != now]
        for name in changed:
            self.reporter.emit(ServicePhase(name, Phase.RECREATING, "its settings changed"))
        for name, reason in others.items():
            if name not in changed:
                changed.append(name)
                self.reporter.emit(ServicePhase(name, Phase.RECREATING, reason))
        changed += [name for name in alive if "." in name and owner_of(name) in digests]
        if changed:
            self.supervision.stop(changed, remove=True, timeout=LONGEST_STOP)

    def _answered(self, name: str) -> None:
        self.supervision.arm([name])


def _is_cut_off(seen: Seen, server: Served) -> bool:
    """Whether something is about to end, or is a server that nobody has seen ready.

    What has to be done before the first client of such a one may not be done.
    """
    return seen.alive and (seen.state == "stopping" or (server.place.service.role == "sidecar" and not seen.armed))
