"""Watching: every saved file where it runs, whatever happens in between; ends only when it is told to.

Hints come from the file system, the engine and the clock into one queue; one thread takes them out and acts. What it
fails to do it tells, and tries again.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from devenv.engines import Wish
from devenv.engines.compose.api import ApiError
from devenv.engines.live import Happening, Live, Report
from devenv.engines.readying import Readying
from devenv.errors import BuildError, DevenvError, EngineUnavailableError, ManifestError, ServiceNotReadyError
from devenv.events import Notice, Reloaded
from devenv.hints import Hints
from devenv.layout import probe
from devenv.project import inputs
from devenv.reload.git import Git
from devenv.reload.watcher import Hint, Watcher
from devenv.stack import Service, Stack
from devenv.workflow import Session, UpOptions, select

_VERIFY = 1.0
"""Seconds after a batch in which only the named files were looked at: then everything is."""
_HEARTBEAT = 30.0
"""Seconds without a hint after which everything is looked at: a hint may have been lost."""
_SHARE = 300
"""How much longer than a look at everything the time to the next is: a large project costs a third of a percent of a
core."""
_FOLLOWING = 0.1
"""Seconds in which a second file comes after the first, where git is at work."""
_POLL = 0.5
"""Seconds between two looks at everything where the kernel tells nothing."""
_RETRY = (0.3, 5.0)
"""Seconds before the first and before every later try of what failed."""


@dataclass
class Watch:
    """One watcher of one project. `seen` is told the containers whenever they may be others.

    `still` is asked at least once a second, and raises `DevenvError` where nothing is left to watch.
    """

    session: Session
    options: UpOptions = field(default_factory=UpOptions)
    seen: Callable[[Live], None] = lambda live: None
    still: Callable[[], None] = lambda: None
    _hints: Hints = field(default_factory=Hints)
    _full_at: float = 0.0
    _retry: float = 0.0
    _trouble: str = ""
    _manifest_trouble: str = ""
    _scan: float = 0.0

    def run(self, ends: Callable[[], bool] = lambda: False) -> None:
        """Watch until `ends` says so; for ever by default. Raises what `still` raises."""
        self._stack = self.session.stack()
        self._engine = self.session.engine
        self._live = self._new_live()
        self._readying = Readying(self.session.reporter, self.options.timeout)
        self._inputs = inputs(self.session.project)
        self._git = Git(self.session.project.root)
        files = Watcher(self._hints.put, [self.session.project.root])
        engine = self._engine.happenings(self._hints.put)
        self._watcher = files
        self._full_at = time.monotonic()
        self._engine.get_ready()
        if not any(container.running for found in self._live.instances.values() for container in found):
            self.session.reporter.emit(Notice("nothing of this project runs yet: `devenv up` starts it", "warning"))
        try:
            while not ends():
                self.still()
                self._turn()
        finally:
            files.close()
            engine.close()
            self._readying.close()

    @property
    def builds(self) -> bool:
        """Whether there is an image whose sources are watched."""
        return self._live.builds

    def _turn(self) -> None:
        """Wait for hints and act on all that are there."""
        hints = self._hints.wait(self._full_at)
        if not hints:
            self.seen(self._live)
        elif self._git.busy:  # one file of a checkout is soon followed by others
            self._git.wait(_FOLLOWING)
            hints += self._hints.more()
        paths: set[str] | None = set()
        begun = time.time()
        engine = False
        for hint in hints:
            if isinstance(hint, Hint):
                begun = min(begun, hint.at)
                paths = None if paths is None or hint.paths is None else paths | hint.paths
                if hint.trouble:
                    self.session.reporter.emit(Notice(hint.trouble, "warning"))
            elif isinstance(hint, Happening):
                engine = self._happened(hint) or engine
            else:
                paths = None
        if engine:
            paths = None
        if paths is None or len(paths) > 1:
            self._git.wait()
        probe.wait(paths or ())
        if paths is None or paths:
            self._attempt(paths, begun, engine=engine or self._retry > 0)

    def _happened(self, happening: Happening) -> bool:
        """Tell what people want to know of the engine; gives whether containers have to be looked at."""
        if happening.kind == "lost":
            self.session.reporter.emit(Notice("the Docker engine does not answer; it is waited for", "warning"))
        elif happening.kind == "back":
            self.session.reporter.emit(Notice("the Docker engine is back"))
        elif happening.kind == "die" and happening.exit_code not in (0, 130, 137, 143):
            name = happening.service
            if name in self._stack.names:
                text = f"`{name}` ended with exit code {happening.exit_code}; the next save starts it again"
                self.session.reporter.emit(Notice(text, "warning"))
        return happening.kind != "lost"

    def _attempt(self, paths: set[str] | None, begun: float, *, engine: bool) -> None:
        """One batch. Whatever fails is told once and tried again; only being told to ends the loop."""
        try:
            with self.session.lock():
                if self._manifest_may_differ(paths):
                    self._take_manifest(begun)
                if engine:
                    self._live.refresh()
                    self.seen(self._live)
                self._batch(paths, begun)
            self._retry, self._trouble = 0.0, ""
        except (DevenvError, OSError) as error:
            self._failed(error)

    def _failed(self, error: DevenvError | OSError) -> None:
        passing = isinstance(error, ApiError) and error.status in (404, 409)
        message = error.message if isinstance(error, DevenvError) else f"{error.strerror}: {error.filename}"
        place = error.where if isinstance(error, DevenvError) and error.where else ""
        told = f"{message}: {place}" if place else message
        quiet = isinstance(error, EngineUnavailableError)  # its loss is told already
        if told != self._trouble and not passing and not quiet:
            self.session.reporter.emit(Reloaded((), "a change", (), "failed", detail=told))
            self._trouble = told
        self._retry = min(max(_RETRY[0], self._retry * 2), _RETRY[1])
        self._full_at = time.monotonic() + self._retry

    def _batch(self, paths: set[str] | None, begun: float) -> None:
        started = time.monotonic()
        seen = self._live.look(paths)
        if paths is None and self._git.busy:  # it has begun meanwhile, so that only a part of it was seen
            self._git.wait()
            seen = self._live.look(None)
        whole = paths is None or any(keys is None for keys in seen.values())
        if whole:
            self._scan = time.monotonic() - started
            self._watcher.poll = max(_POLL, 10 * self._scan)
            self._watch_folders(paths or ())
        left = False
        for report in self._live.react(seen):
            self._tell(report, begun)
            left = left or bool(report.left)
        pause = max(_HEARTBEAT, _SHARE * self._scan) if whole else max(_VERIFY, 10 * self._scan)
        self._full_at = time.monotonic() + (_RETRY[0] if left else pause)

    def _watch_folders(self, paths: Collection[str]) -> None:
        files, folders = self._inputs
        wanted = {file.parent for file in files} | {folder for folder in folders if folder.is_dir()}
        try:
            wanted |= self._live.folders()
        finally:  # a hint about a folder itself: it may be another one of the same name, which nobody watches
            self._watcher.watch(wanted, anew=any(Path(path) in wanted for path in paths))

    def _tell(self, report: Report, begun: float) -> None:
        if report.needs:
            self._rebuild(report, begun)
            return
        action = "synced" if report.sent else "picked up"
        more = [f"picked up by {name}" for name in dict.fromkeys(report.by_itself)]
        if report.restarted or report.revived:
            action = "restarted" if report.restarted else "started again"
            action = f"synced, {action}" if report.sent else action
            if set(report.services) != {*report.restarted, *report.revived}:
                more.insert(0, f"restarted: {', '.join([*report.restarted, *report.revived])}")
        self._emit(report, action, begun, "; ".join(more))
        for path, reason in report.left.items():
            self.session.reporter.emit(Notice(f"`{path}` could not be read and is tried again: {reason}", "warning"))
        for name in (*report.restarted, *report.revived):
            service, bindings = self._stack[name], self._live.bindings
            runtime = self._engine.runtime(service, bindings)
            self._readying.begin(service, self._live.instances[name][0].id, bindings, runtime)

    def _rebuild(self, report: Report, begun: float) -> None:
        """Build and replace by way of `up`; what runs goes on until the new image is there."""
        changed = f"{report.changed} changed: " if report.causes else ""
        self.session.reporter.emit(Notice(f"{changed}{report.needs}{f' ({report.rule})' if report.rule else ''}"))
        try:
            self._up([self._stack[name] for name in report.services], build=bool(report.causes))
        except BuildError as error:
            self._live.refuse(report)
            self._emit(report, "failed", begun, f"{error.message}; what ran before still runs", error.output)
            return
        except ServiceNotReadyError as error:  # it is there, and the next save may mend it
            self._emit(report, "failed", begun, error.message, error.logs)
            return
        self._emit(report, "rebuilt", begun, "")

    def _up(self, services: list[Service], *, build: bool = False) -> None:
        chosen = self._stack.select([service.name for service in services])
        wish = Wish(chosen, self.options.timeout, self.options.strict_ports, build, hurry=self._hints.saved_meanwhile)
        try:
            bindings = self._engine.up(self._stack, wish, self.session.reporter)
        finally:
            self._live.refresh()
            self.seen(self._live)
        if bindings != self._live.bindings:
            self._live = self._new_live()

    def _new_live(self) -> Live:
        live = self._engine.live(self._stack, self.session.project.state.bindings())
        with contextlib.suppress(EngineUnavailableError):
            live.refresh()
        self.seen(live)
        return live

    def _manifest_may_differ(self, paths: set[str] | None) -> bool:
        if paths is None:
            return True
        files, folders = self._inputs
        names = {str(file) for file in files}
        inside = {str(folder) for folder in folders}
        return any(path in names or os.path.dirname(path) in inside for path in paths)  # noqa: PTH120 - hot

    def _take_manifest(self, begun: float) -> None:
        """Apply what the manifest, an env file or a recipe says by now; where it is invalid, all stays as it was."""
        try:
            stack = self.session.stack()
        except DevenvError as error:
            self._manifest_failed(error, begun)
            return
        self._inputs = inputs(self.session.project)
        self._manifest_trouble = ""
        if stack == self._stack:
            return
        before, self._stack = self._stack, stack
        try:
            self._up(list(self._wanted(stack, before)))
        except DevenvError as error:
            self._manifest_failed(error, begun)
        else:
            changed = Reloaded((), "the manifest", (), "applied", seconds=time.time() - begun)
            self.session.reporter.emit(changed)
        self._live = self._new_live()

    def _wanted(self, stack: Stack, before: Stack) -> Iterator[Service]:
        """What was asked for at the start, and what runs."""
        names = [name for name in self.options.services if name in stack.names]
        profiles = [name for name in self.options.profiles if any(service.profile == name for service in stack)]
        chosen = {service.name for service in select(stack, names, profiles)}
        there = {name for name, found in self._live.instances.items() if found and found[0].running}
        return (service for service in stack if service.name in chosen | there)

    def _manifest_failed(self, error: DevenvError, begun: float) -> None:
        lines: tuple[str, ...] = ()
        detail = error.message
        if isinstance(error, ManifestError):
            lines = tuple(f"{each.where}: {each.message}" for each in error.problems)
            detail, lines = (lines[0], ()) if len(lines) == 1 else (detail, lines)
        elif isinstance(error, BuildError):
            lines = error.output
        told = f"{detail} {lines}"
        if told != self._manifest_trouble:
            self._manifest_trouble = told
            self.session.reporter.emit(Reloaded((), "the manifest", (), "failed", detail=detail, lines=lines))

    def _emit(self, report: Report, action: str, begun: float, detail: str, lines: tuple[str, ...] = ()) -> None:
        paths = tuple(each.change.name for each in report.causes)
        seconds = max(0.0, time.time() - min(begun, report.saved or begun))
        event = Reloaded(report.services, report.changed, paths, action, report.rule, seconds, detail, lines)
        self.session.reporter.emit(event)
