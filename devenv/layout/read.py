"""Reads a Dockerfile, its ignore file and what of the context they depend on into a Layout; asks no engine.

`read_layout` does all the reading. What it has read it keeps: whoever changes a file of `Layout.inputs`, or builds the
image anew, reads the layout anew.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from devenv.errors import InputError
from devenv.layout.dockerfile import parse
from devenv.layout.ignore import NAME, ignore_file, parse_ignore, read_bytes
from devenv.layout.image import Facts, nothing_known
from devenv.layout.pattern import clean
from devenv.layout.plan import Planner
from devenv.layout.ruling import Change, Landing, Ruling, Verdict
from devenv.layout.steps import CONTEXT, Put, Run, Spot, Stage
from devenv.layout.trace import Trace, Tracer
from devenv.layout.tree import Tree


def read_layout(
    context: Path,
    dockerfile: Path,
    *,
    target: str | None = None,
    args: Mapping[str, str] | None = None,
    facts: Facts = nothing_known,
) -> Layout:
    """What becomes of the context's files in the image of `target`, the last stage by default.

    `args` are the build arguments. `facts` says what is known of base images. Raises InputError, with file and line,
    for what can't be built; DevenvError for what can't be read.
    """
    name = os.path.relpath(dockerfile, context)
    name = str(dockerfile) if name.startswith("..") else name
    try:
        text = dockerfile.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError as error:
        hint = "`build` names the folder of the Dockerfile, relative to the manifest"
        raise InputError("there is no Dockerfile", where=str(dockerfile), hint=hint) from error
    except OSError as error:
        raise InputError(f"can't read the Dockerfile: {error.strerror}", where=str(dockerfile)) from error
    ignored_by = ignore_file(context, dockerfile)
    ignore = parse_ignore(ignored_by or context / NAME, read_bytes(ignored_by) if ignored_by else b"")
    tree = Tree(context, ignore)
    planner = Planner(parse(text, name), tree, args or {}, facts)
    stage = planner.stage(planner.sections.target(target))
    builder = {os.path.relpath(path, context) for path in (dockerfile, ignored_by) if path}
    order = tuple(planner.order.values())
    return Layout(tree, name, ignored_by.name if ignored_by else NAME, frozenset(builder), order, stage, planner)


@dataclass(frozen=True)
class Layout:
    """The way of every file of a build context into one image."""

    tree: Tree
    dockerfile: str
    ignore: str
    builder: frozenset[str]
    stages: Sequence[Stage]
    target: Stage
    planner: Planner

    @property
    def target_user(self) -> str:
        """Whom the image runs as, as far as the Dockerfile or the base's facts say it; "" for root or unknown."""
        return self.target.user

    @property
    def target_workdir(self) -> str:
        """The image's working folder, "/" where nothing says it."""
        return self.target.workdir

    def rule(self, path: str, change: Change | None = None) -> Ruling:
        """What a change of a path asks for; the path is relative to the context, there or not.

        Without `change` a path that is there was edited, and one that isn't was deleted. Whoever knows that a file is
        new says ADD: some commands don't care what is in a file, but do care whether it is there.
        """
        path = clean(path)
        if path in self.builder:
            return Ruling(path, Verdict.REBUILD, (), 0, "", "the image is built by what it says")
        if path.startswith(("../", "/")) or path == "..":
            return self._absent(path, "it is outside the build context")
        if self.tree.passing(path):
            return self._absent(path, "files of its kind change all the time and never count")
        if self.tree.ignored(path):
            return self._absent(path, f"{self.ignore} leaves it out")
        if change is None:
            change = Change.EDIT if self.tree.is_there(path) else Change.DELETE
        return self._judge(self._tracer.follow(path, change))

    def roots(self) -> tuple[str, ...]:
        """The top paths of the context that the image uses, with the Dockerfile and the ignore file.

        Where a line copies the whole context, these are all top paths that the ignore file leaves. New ones can come:
        the context's own folder is to be watched as well, without what is in it.
        """
        found = {path for path in self.builder if not path.startswith("..")}
        for put in self._puts():
            assert put.source
            for path in (put.source.text, *(real for real, _ in put.aliases)):
                found.update(self._tops(path))
        return tuple(sorted(found))

    def _puts(self) -> Iterator[Put]:
        for stage in self.stages:
            for step in stage.steps:
                for put in step.mounts if isinstance(step, Run) else (step,):
                    if put.origin == CONTEXT:
                        yield put

    def _tops(self, path: str) -> list[str]:
        top = path.partition("/")[0]
        if path and not any(sign in top for sign in "*?["):
            return [top]
        names = self.tree.entries("")
        return [
            name
            for name in names
            if not self.tree.passing(name)
            and (self.tree.may_hold(name) if self.tree.is_folder(name) else not self.tree.ignored(name))
        ]

    @property
    def _tracer(self) -> Tracer:
        return Tracer(self.stages, self.tree, self.planner.lookup)

    def _judge(self, trace: Trace) -> Ruling:
        path = trace.path
        spots = trace.spots[self.target.number]
        landings = tuple(_landing(spot) for spot in spots)
        if trace.hits:
            hit = trace.hits[0]
            return Ruling(path, Verdict.REBUILD, landings, hit.line, hit.text, hit.why, hit.hint)
        if not trace.seen:
            return self._absent(path, "no line copies it")
        if not spots:
            return self._lost(trace)
        doubtful = next((spot for spot in spots if spot.doubt), None)
        if doubtful:
            return Ruling(path, Verdict.REBUILD, landings, doubtful.line, doubtful.text, doubtful.doubt)
        if trace.change is Change.DELETE and self._takes_its_folder_along(path):
            why = "its folder is in the context only because of it, and goes with it"
            return Ruling(path, Verdict.REBUILD, landings, 0, "", why)
        last = spots[-1]
        places = " and ".join(f"`{spot.path}`" for spot in spots)
        reason = f"line {last.line} copies it to {places}, and nothing after that reads it"
        return Ruling(path, Verdict.SYNC, landings, last.line, last.text, reason)

    def _lost(self, trace: Trace) -> Ruling:
        """The ruling on what was copied somewhere, but isn't in the image."""
        if trace.lost:
            hit = trace.lost[-1]
            return Ruling(trace.path, Verdict.ABSENT, (), hit.line, hit.text, hit.why)
        spot = trace.seen[-1]
        reason = f"line {spot.line} brings it no further than a stage from which the image doesn't take it"
        return Ruling(trace.path, Verdict.ABSENT, (), spot.line, spot.text, reason)

    def _takes_its_folder_along(self, path: str) -> bool:
        above = path.rpartition("/")[0]
        if not above or not self.tree.ignored(above):
            return False
        others = (f"{above}/{name}" for name in self.tree.entries(above))
        return not any(other != path and not self.tree.ignored(other) for other in others)

    def _absent(self, path: str, reason: str) -> Ruling:
        return Ruling(path, Verdict.ABSENT, (), 0, "", reason)


def _landing(spot: Spot) -> Landing:
    return Landing(spot.path, spot.owner, spot.mode, spot.follows, spot.changes)
