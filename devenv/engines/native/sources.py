"""An app's sources on this machine: what is among them, what changed, and whether that counts; starts nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path

from devenv.engines.native.app import App
from devenv.engines.native.place import Place
from devenv.layout.fingerprint import BUILDER, Index, digest
from devenv.layout.reloading import reload_of
from devenv.layout.ruling import Change, Ruling, Verdict
from devenv.process import is_ignored_by_git
from devenv.reload.difference import Held, differences, outermost
from devenv.reload.plan import Ruled, judge
from devenv.reload.rules import Rules
from devenv.reload.sight import Sight
from devenv.stack import Service

_NO_DOCKERFILE = "none"
"""An empty file in the project's state, with an ignore file beside it, for an app that builds no image."""
_NEVER = (".venv", "venv", "node_modules", ".tox", ".mypy_cache", ".pytest_cache", ".ruff_cache")
"""Folders that are no sources, whatever git says of them."""


def has_sources(service: Service) -> bool:
    """Whether it is an app whose files are here."""
    return service.role == "app" and (service.build is not None or service.image is None)


def sight_of(place: Place, known: Index | None = None) -> Sight:
    """What is in the app's build context; in its folder, where it builds no image."""
    build, project = place.service.build, place.project
    if build:
        context = project.root / build.context
        return Sight(context, context / build.dockerfile, known)
    project.state.write(f"{_NO_DOCKERFILE}.dockerignore", "".join(f"**/{name}\n" for name in _NEVER))
    return Sight(project.root, project.state.write(_NO_DOCKERFILE, ""), known)


def rules_of(app: App) -> Rules:
    """What its Dockerfile says of its files, as this `App` has read it: another one reads it anew."""
    if app.layout:
        return app.layout
    row = reload_of(app.own_words(), lambda: None, app.environment)
    return GitRules(app.place.project.root, row.shown if row else "")


@dataclass(frozen=True)
class GitRules:
    """What counts in a folder without a Dockerfile: all that git does not ignore. See `Rules`."""

    folder: Path
    reloading: str
    inputs: Set[str] = frozenset()

    def rule(self, path: str, change: Change | None = None) -> Ruling:
        """Whether the path is a source."""
        hidden = is_ignored_by_git(str(self.folder), path)
        verdict, reason = (Verdict.ABSENT, "git ignores it") if hidden else (Verdict.SYNC, "it is a source of the app")
        return Ruling(path, verdict, (), 0, "", reason)

    def roots(self) -> Iterable[str]:
        """All of it."""
        return (".",)


@dataclass
class Sources:
    """The sources of a project's apps at the moment of one command; each is looked at once, as is its Dockerfile."""

    apps: Mapping[str, App]
    _seen: dict[str, Sight] = field(default_factory=dict)
    _rules: dict[str, Rules] = field(default_factory=dict)

    def digest(self, service: Service) -> str:
        """Stands for the content of what counts of them; empty for an app that has none here.

        What counts is kept beside what it was found for, as that reads the Dockerfile and judges each file.
        """
        if not has_sources(service):
            return ""
        state, record = self._place(service).project.state, f"native-counting-{service.name}"
        now = self._look(service).now
        whole = digest(now)
        known = state.load(record)
        if not known or known[0] != whole:
            rules = self.rules(service)
            counting = {key: entry for key, entry in now.entries.items() if _counts(key, rules)}
            known = [whole, digest(Index(counting))]
            state.save(record, known)
        return str(known[1])

    def written_since(self, service: Service, moment: float) -> tuple[Ruled, ...]:
        """What changed after a moment, as far as it counts."""
        return written_since(lambda: self.rules(service), self._look(service).now, moment)

    def rules(self, service: Service) -> Rules:
        """What its Dockerfile says of its files."""
        if service.name not in self._rules:
            self._rules[service.name] = rules_of(self.apps[service.name])
        return self._rules[service.name]

    def _place(self, service: Service) -> Place:
        return self.apps[service.name].place

    def _look(self, service: Service) -> Sight:
        if service.name not in self._seen:
            place, record = self._place(service), f"native-files-{service.name}"
            state = place.project.state
            known = state.load(record)
            sight = sight_of(place, Index.from_json(known) if known else None)
            sight.look()
            if (now := sight.now.to_json()) != known:
                state.save(record, now)
            self._seen[service.name] = sight
        return self._seen[service.name]


def picked_up_by(service: Service, rules: Rules) -> str:
    """What takes changed files up without a restart, by its command or the manifest; empty where nothing does."""
    if service.reload.restart is None:
        return rules.reloading
    return "" if service.reload.restart else rules.reloading or "the app itself"


def written_since(rules: Callable[[], Rules], now: Index, moment: float) -> tuple[Ruled, ...]:
    """What of an app's sources was written after a moment, as far as it counts: what a process from then lacks."""
    before = {key: entry for key, entry in now.entries.items() if entry.ctime_ns / 1e9 <= moment}
    return counting(rules, Index(before), now)


def counting(rules: Callable[[], Rules], before: Index, now: Index) -> tuple[Ruled, ...]:
    """The differences that count, as people want to hear them; the rules are asked for where there is one only."""
    changes = outermost(differences(Held(before.entries), now.entries))
    if not changes:
        return ()
    found = rules()
    judged = (Ruled(each, judge(each, found)) for each in changes)
    return tuple(ruled for ruled in judged if ruled.ruling.verdict is not Verdict.ABSENT)


def _counts(key: str, rules: Rules) -> bool:
    return key.startswith(BUILDER) or rules.rule(key.rstrip("/"), Change.EDIT).verdict is not Verdict.ABSENT
