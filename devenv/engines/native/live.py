"""Reload on this machine: an app's process starts anew when a file changes that its image would have; sends nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from devenv.engines.live import Report
from devenv.engines.native.app import App
from devenv.engines.native.client import Supervision
from devenv.engines.native.place import Place
from devenv.engines.native.processes import LONGEST_STOP, Processes
from devenv.engines.native.program import Seen
from devenv.engines.native.serving import Serving
from devenv.engines.native.sources import counting, has_sources, picked_up_by, rules_of, sight_of, written_since
from devenv.layout.fingerprint import Index
from devenv.project import Project
from devenv.reload.plan import saved_at
from devenv.reload.rules import Rules
from devenv.reload.sight import Sight
from devenv.stack import Bindings, Service, Stack


@dataclass(frozen=True, slots=True)
class Process:
    """An app's process as it was seen: see `Instance`."""

    id: str
    running: bool
    started: float = 0.0
    failed: bool = False


@dataclass
class _Watched:
    """One app's sources: as they were when its process was started or seen last, and as they are."""

    service: Service
    place: Place
    sight: Sight
    rules: Rules
    held: Index | None = None


@dataclass
class NativeLive:
    """See `Live`."""

    project: Project
    stack: Stack
    bindings: Bindings
    instances: dict[str, Sequence[Process]] = field(default_factory=dict)
    _watched: dict[str, _Watched] = field(default_factory=dict)

    @property
    def builds(self) -> bool:
        """Whether there is an app whose sources are here."""
        return any(has_sources(service) for service in self.stack)

    def refresh(self) -> None:
        """See anew what runs."""
        seen = Supervision(self.project).seen()
        self.instances = {name: (_process(now),) for name, now in seen.items() if name in self.stack.names}
        serving = Serving(self.project, self.bindings)
        for service in self.stack:
            if has_sources(service) and service.name not in self._watched:
                place = serving.place(service)
                self._watched[service.name] = _Watched(service, place, sight_of(place), rules_of(App(place)))

    def look(self, paths: Collection[str] | None) -> dict[str, list[str] | None]:
        """See what changed of each app's sources."""
        found: dict[str, list[str] | None] = {}
        for name, watched in self._watched.items():
            keys = None if paths is None else watched.sight.glance(paths)
            if keys is None:
                watched.sight.look()
            if keys is None or watched.rules.inputs & set(keys):
                watched.rules = rules_of(App(watched.place))
            if keys is None or keys:
                found[name] = keys
        return found

    def react(self, seen: Mapping[str, list[str] | None]) -> list[Report]:
        """Start anew what does not see changes by itself."""
        return [report for name in seen if (report := self._one(self._watched[name]))]

    def refuse(self, report: Report) -> None:
        """Nothing is built here."""

    def folders(self) -> set[Path]:
        """The folders of the apps' sources."""
        return {folder for each in self._watched.values() for folder in each.sight.folders(each.rules.roots())}

    def _one(self, watched: _Watched) -> Report | None:
        name, now = watched.service.name, watched.sight.now
        process = next(iter(self.instances.get(name, ())), None)
        if watched.held is None:
            causes = written_since(lambda: watched.rules, now, process.started if process else 0.0)
        else:
            causes = counting(lambda: watched.rules, watched.held, now)
        watched.held = now
        if process is None or not causes or not (process.running or process.failed):
            return None
        done = Report("", (name,), causes, saved=saved_at(now, causes), sent=False)
        if process.running and (by := picked_up_by(watched.service, watched.rules)):
            return replace(done, by_itself=(by,))
        self._restart(watched)
        return replace(done, restarted=(name,)) if process.running else replace(done, revived=(name,))

    def _restart(self, watched: _Watched) -> None:
        name = watched.service.name
        serving = Serving(self.project, self.bindings)
        supervision = Supervision(self.project)
        app = App(serving.place(watched.service))
        runtime = Processes(supervision, {name: app})
        supervision.stop([name], remove=False, timeout=LONGEST_STOP)
        supervision.ensure()
        runtime.start(watched.service, name)
        self.instances[name] = (_process(supervision.seen()[name]),)


def _process(seen: Seen) -> Process:
    failed = not seen.alive and not seen.told and seen.code != 0
    return Process(seen.name, seen.alive, seen.started, failed)
