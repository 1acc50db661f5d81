"""Reads a Dockerfile, its ignore file and what of the context they depend on into a Layout; asks no engine.

`read_layout` does all the reading. What it has read it keeps: whoever changes a file of `Layout.inputs`, or builds the
image anew, reads the layout anew.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from devenv.errors import InputError
from devenv.layout.alike import alike
from devenv.layout.dockerfile import parse
from devenv.layout.exceptions import Exceptions, Exemption
from devenv.layout.ignore import NAME, ignore_file, parse_ignore, read_bytes
from devenv.layout.image import Facts, nothing_known
from devenv.layout.pattern import clean
from devenv.layout.plan import Planner
from devenv.layout.reloading import Reload, reload_of
from devenv.layout.ruling import Change, Landing, Ruling, Verdict
from devenv.layout.steps import CONTEXT, Put, Run, Spot, Stage
from devenv.layout.trace import Trace, Tracer
from devenv.layout.tree import Tree

_UNCLEAN = re.compile(r"^\.\.?(/|$)|//|/\.\.?(/|$)|/$|^$")


def read_layout(
    context: Path,
    dockerfile: Path,
    *,
    target: str | None = None,
    args: Mapping[str, str] | None = None,
    facts: Facts = nothing_known,
    command: Sequence[str] | None = None,
    env: Mapping[str, str] | None = None,
    exceptions: Sequence[Exemption] = (),
) -> Layout:
    """What becomes of the context's files in the image of `target`, the last stage by default.

    `args` are the build arguments. `facts` says what is known of base images. `command` is what the app runs instead of
    the image's own command: one that compiles by itself takes the place of the build that does the same. `env` are
    variables that the app is given besides the image's. Raises InputError, with file and line, for what can't be built;
    DevenvError for what can't be read.
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
    parsed = parse(text, name)
    planner = Planner(parsed, tree, args or {}, facts)
    number = planner.sections.target(target)
    stage = planner.stage(number)
    process = command or (*stage.entrypoint, *stage.command)
    reload = reload_of(process, lambda: planner.text(number, "package.json"), {**stage.env, **(env or {})})
    if command and reload and reload.replaces:
        planner = Planner(parsed, tree, args or {}, facts, frozenset(reload.replaces), planner.inputs)
        stage = planner.stage(number)
    own_ignore = dockerfile.with_name(dockerfile.name + NAME)
    read = {dockerfile, own_ignore, ignored_by or context / NAME}  # one that isn't there yet counts once it is
    builder = frozenset(os.path.relpath(path, context) for path in read)
    return Layout(
        tree, name, ignored_by.name if ignored_by else NAME, builder, stage, planner, reload, Exceptions.of(exceptions)
    )


@dataclass(frozen=True, slots=True)
class Replaced:
    """A command of a RUN that the app's own command stands in for; `outputs` are patterns of what it makes."""

    line: int
    clause: str
    outputs: tuple[str, ...]


@dataclass(frozen=True)
class Layout:
    """The way of every file of a build context into one image."""

    tree: Tree
    dockerfile: str
    ignore: str
    builder: frozenset[str]
    target: Stage
    planner: Planner
    reload: Reload | None
    exceptions: Exceptions

    @property
    def stages(self) -> Sequence[Stage]:
        """The stages that the target needs, each after those it needs itself."""
        return tuple(self.planner.order.values())

    @property
    def inputs(self) -> frozenset[str]:
        """The files of the context that the layout itself depends on: after a change of one it must be read anew."""
        return self.builder | self.planner.inputs

    @property
    def reloading(self) -> str:
        """The command that takes changed files up by itself, for a sentence; empty where the process starts anew."""
        return self.reload.shown if self.reload else ""

    @property
    def base_image(self) -> str | None:
        """The image that the target is built upon in the end; None for `scratch`."""
        by_number = {stage.number: stage for stage in self.stages}
        stage = self.target
        while stage.base is not None:
            stage = by_number[stage.base]
        return stage.image if stage.image != "scratch" else None

    def rule(self, path: str, change: Change | None = None) -> Ruling:
        """What a change of a path asks for; the path is relative to the context, there or not.

        Without `change` a path that is there was edited, and one that isn't was deleted. Whoever knows that a file is
        new says ADD: some commands don't care what is in a file, but do care whether it is there.
        """
        if _UNCLEAN.search(path):
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
        return self.exceptions.apply(self._judge(self._tracer.follow(path, change)))

    def rulings(self, folder: str) -> Iterator[tuple[Ruling, Sequence[str]]]:
        """What an edit asks for, of all files below a folder: each ruling with the paths that it can stand for."""
        for inner, paths in self.tree.walk(folder):
            copied = [path for path in paths if path not in self.builder and not self.tree.ignored(path)]
            others = paths if self.exceptions.rules else sorted(set(paths).difference(copied))
            groups = [] if self.exceptions.rules else alike(self.stages, inner, copied)
            for group in (*groups, *([path] for path in others)):
                yield self.rule(group[0], Change.EDIT), group

    def roots(self) -> tuple[str, ...]:
        """The top paths of the context that the image uses, with the Dockerfile and the ignore file.

        Where a line copies the whole context, these are all top paths that the ignore file leaves. New ones can come:
        the context's own folder is to be watched as well, without what is in it.
        """
        found = {path for path in self.builder if not path.startswith("..") and self.tree.is_there(path)}
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

    @cached_property
    def _tracer(self) -> Tracer:
        return Tracer(self.stages, self.tree, self.planner.lookup)

    def _judge(self, trace: Trace) -> Ruling:
        path = trace.path
        spots = trace.spots[self.target.number]
        landings = tuple(_landing(spot) for spot in spots)
        if trace.hits:
            hit = trace.hits[0]
            return Ruling(path, Verdict.REBUILD, landings, hit.line, hit.text, hit.why, hit.hint)
        if trace.replaced and not spots:
            return self._uncompiled(trace)
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
        places = f"`{last.path}`" if len(spots) == 1 else " and ".join(f"`{spot.path}`" for spot in spots)
        reason = f"line {last.line} copies it to {places}, and nothing after that reads it"
        return Ruling(path, Verdict.SYNC, landings, last.line, last.text, reason)

    def _uncompiled(self, trace: Trace) -> Ruling:
        """The ruling on a source that the app's command would compile, if the image had it."""
        hit = trace.replaced[0]
        shown = self.reload.shown if self.reload else "the command"
        holder = next((stage for stage in reversed(self.stages) if trace.spots.get(stage.number)), None)
        reason = f"{hit.why}, and the image has no sources that `{shown}` could compile"
        hint = f"{holder.shown} has them: `build.target` can name it" if holder and holder.name else ""
        return Ruling(trace.path, Verdict.REBUILD, (), hit.line, hit.text, reason, hint)

    def replaced(self) -> tuple[Replaced, ...]:
        """The builds whose work the app's command does by itself, so that what they made is not up to date."""
        found: dict[tuple[int, str], Replaced] = {}
        runs = [step for stage in self.stages for step in stage.steps if isinstance(step, Run)]
        for run in runs:
            for effect in run.effects:
                if effect.replaced and self.reload:
                    outputs = tuple(clean(f"{run.folder}/{path}") for path in self.reload.outputs)
                    found[run.line, effect.clause] = Replaced(run.line, effect.clause, outputs)
        return tuple(found.values())

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
