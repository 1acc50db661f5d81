"""Reload on this machine: an app's process starts anew when a file changes that its image would have; sends nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from pathlib import Path

from devenv.engines.live import Report
from devenv.engines.native.app import App
from devenv.engines.native.client import Supervision
from devenv.engines.native.processes import LONGEST_STOP, Processes
from devenv.engines.native.program import Seen
from devenv.engines.native.serving import Serving
from devenv.layout.fingerprint import Index
from devenv.layout.reloading import reload_of
from devenv.layout.ruling import Change as How
from devenv.layout.ruling import Ruling, Verdict
from devenv.process import is_ignored_by_git
from devenv.project import Project
from devenv.reload.difference import Held, differences, outermost
from devenv.reload.plan import Ruled, judge
from devenv.reload.rules import Rules
from devenv.reload.sight import Sight
from devenv.stack import Bindings, Service, Stack

_NO_DOCKERFILE = "none"
"""An empty file in the project's state, with an ignore file beside it, for an app that builds no image."""
_NEVER = (".venv", "venv", "node_modules", ".tox", ".mypy_cache", ".pytest_cache", ".ruff_cache")
"""Folders that are no sources, whatever git says of them."""


@dataclass(frozen=True, slots=True)
class Process:
    """An app's process as it was seen: see `Instance`."""

    id: str
    running: bool
    started: float = 0.0
    failed: bool = False


@dataclass(frozen=True)
class GitRules:
    """What counts in a folder without a Dockerfile: all that git does not ignore. See `Rules`."""

    folder: Path
    reloading: str
    inputs: Set[str] = frozenset()

    def rule(self, path: str, change: How | None = None) -> Ruling:
        """Whether the path is a source."""
        hidden = is_ignored_by_git(str(self.folder), path)
        verdict, reason = (Verdict.ABSENT, "git ignores it") if hidden else (Verdict.SYNC, "it is a source of the app")
        return Ruling(path, verdict, (), 0, "", reason)

    def roots(self) -> Iterable[str]:
        """All of it."""
        return (".",)


@dataclass
class _Watched:
    """One app's sources: as they were when its process was started or seen last, and as they are."""

    service: Service
    app: App
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
        return any(_has_sources(service) for service in self.stack)

    def refresh(self) -> None:
        """See anew what runs."""
        seen = Supervision(self.project).seen()
        self.instances = {name: (_process(now),) for name, now in seen.items() if name in self.stack.names}
        serving = Serving(self.project, self.bindings)
        for service in self.stack:
            if _has_sources(service) and service.name not in self._watched:
                app = serving.server(service)
                assert isinstance(app, App)
                self._watched[service.name] = _Watched(service, app, _sight(app), _rules(app))

    def look(self, paths: Collection[str] | None) -> dict[str, list[str] | None]:
        """See what changed of each app's sources."""
        found: dict[str, list[str] | None] = {}
        for name, watched in self._watched.items():
            keys = None if paths is None else watched.sight.glance(paths)
            if keys is None:
                watched.sight.look()
            if keys is None or watched.rules.inputs & set(keys):
                watched.rules = _rules(watched.app)
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
        before = watched.held or _unchanged_since(now, process.started if process else 0.0)
        changes = outermost(differences(Held(before.entries), now.entries))
        watched.held = now
        judged = (Ruled(each, judge(each, watched.rules)) for each in changes)
        causes = tuple(ruled for ruled in judged if ruled.ruling.verdict is not Verdict.ABSENT)
        if process is None or not causes or not (process.running or process.failed):
            return None
        done = Report("", (name,), causes, saved=_saved(now, causes), sent=False)
        if process.running and watched.rules.reloading:
            return replace(done, by_itself=(watched.rules.reloading,))
        self._restart(watched)
        return replace(done, restarted=(name,)) if process.running else replace(done, revived=(name,))

    def _restart(self, watched: _Watched) -> None:
        name = watched.service.name
        serving = Serving(self.project, self.bindings)
        supervision = Supervision(self.project)
        app = App(serving.place(watched.service))
        runtime = Processes(supervision, {name: app}, {name: serving.digest(app)})
        supervision.stop([name], remove=False, timeout=LONGEST_STOP)
        supervision.ensure()
        runtime.start(watched.service, name)
        self.instances[name] = (_process(supervision.seen()[name]),)


def _has_sources(service: Service) -> bool:
    return service.role == "app" and (service.build is not None or service.image is None)


def _process(seen: Seen) -> Process:
    failed = not seen.alive and not seen.told and seen.code != 0
    return Process(seen.name, seen.alive, seen.started, failed)


def _sight(app: App) -> Sight:
    build, project = app.place.service.build, app.place.project
    if build:
        context = project.root / build.context
        return Sight(context, context / build.dockerfile)
    project.state.write(f"{_NO_DOCKERFILE}.dockerignore", "".join(f"**/{name}\n" for name in _NEVER))
    return Sight(project.root, project.state.write(_NO_DOCKERFILE, ""))


def _rules(app: App) -> Rules:
    fresh = App(app.place)
    if fresh.layout:
        return fresh.layout
    row = reload_of(fresh.own_words(), lambda: None)
    return GitRules(app.place.project.root, row.shown if row else "")


def _unchanged_since(now: Index, moment: float) -> Index:
    """What is there without what was written after a moment: what a process that was started then knows of."""
    return Index({key: entry for key, entry in now.entries.items() if entry.ctime_ns / 1e9 <= moment})


def _saved(now: Index, causes: Sequence[Ruled]) -> float:
    entries = (now.entries.get(each.change.path) for each in causes)
    return max((entry.ctime_ns for entry in entries if entry), default=0) / 1e9
