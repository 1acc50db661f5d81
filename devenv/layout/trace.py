"""Follows one path of the context through all stages: where it ends and who reads it; reads no Dockerfile itself."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from devenv.layout.lookup import Lookup
from devenv.layout.ruling import Change
from devenv.layout.steps import CONTEXT, ELSEWHERE, Effect, Kind, Put, Run, Spot, Stage, matches
from devenv.layout.tree import Tree

_ARCHIVE = re.compile(r".*\.(tar|tgz|tbz2?|txz|tzst|(tar\.)?(gz|bz2|xz|zst|lz))", re.IGNORECASE)
_MAGIC = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd", b"LZIP")
_SYSTEM = re.compile(r"/(usr(?!/src(/|$)|/app(/|$))|etc|bin|sbin|lib(32|64|x32)?|boot|root|var)(/.*)?")


@dataclass(frozen=True, slots=True)
class Hit:
    """Why a change of a path can't be had without a build: a line, and what is to be said of it."""

    line: int
    text: str
    why: str
    hint: str = ""


@dataclass(slots=True)
class Trace:
    """What was found out about one path; `replaced` are the hits that the app's own command makes up for."""

    path: str
    change: Change
    spots: dict[int, list[Spot]] = field(default_factory=dict)
    hits: list[Hit] = field(default_factory=list)
    replaced: list[Hit] = field(default_factory=list)
    lost: list[Hit] = field(default_factory=list)
    seen: list[Spot] = field(default_factory=list)


@dataclass(frozen=True)
class Tracer:
    """The stages that a target needs, each after those it needs itself."""

    stages: Sequence[Stage]
    tree: Tree
    lookup: Lookup

    def follow(self, path: str, change: Change) -> Trace:
        """Where a path ends in each stage, and what stands against copying it there."""
        trace = Trace(path, change)
        for stage in self.stages:
            spots = list(trace.spots[stage.base]) if stage.base is not None else []
            for number, step in enumerate(stage.steps):
                if isinstance(step, Put):
                    spots = self._put(trace, stage, number, step, spots)
                elif spots or step.mounts:
                    spots = self._run(trace, step, spots)
            trace.spots[stage.number] = spots
        return trace

    def _put(self, trace: Trace, stage: Stage, number: int, put: Put, spots: list[Spot]) -> list[Spot]:
        arriving = self._arriving(trace, put)
        if not arriving and not spots:
            return spots
        for spot in arriving if put.unpacks or trace.change is not Change.EDIT else ():
            if put.unpacks and put.source and (spot.named or put.source.wild):
                self._judge_archive(trace, put)
            if trace.change is Change.DELETE:
                self._judge_removal(trace, stage, number, put, spot)
            if trace.change is not Change.EDIT and put.fresh and put.source and put.source.wild:
                self._judge_only_match(trace, put)
        if spots:
            places = {spot.path for spot in arriving}
            spots = [spot for spot in spots if spot.path not in places and not self._covers(trace, put, spot)]
        trace.seen += arriving
        return spots + arriving if arriving else spots

    def _arriving(self, trace: Trace, put: Put) -> list[Spot]:
        if put.origin == CONTEXT:
            return list(put.place(trace.path, self.tree))
        if put.origin == ELSEWHERE:
            return []
        carried = (put.carry(spot) for spot in trace.spots[put.origin])
        return [spot for spot in carried if spot is not None]

    def _covers(self, trace: Trace, put: Put, spot: Spot) -> bool:
        """Whether a line writes over a place; where that can't be known it is a hit."""
        if not put.may_reach(spot.path):
            return False
        if put.origin == CONTEXT:
            over = next((path for path in put.candidates(spot.path, self.tree) if self._is_file(path)), None)
            if over is not None and over != trace.path:
                trace.lost.append(Hit(put.line, put.text, f"line {put.line} puts `{over}` in its place"))
                return True
            return False
        if put.origin >= 0 and self._surely_absent(put, spot.path):
            return False
        self._hit(trace, put.line, put.text, f"line {put.line} may write over it at `{spot.path}`")
        return False

    def _is_file(self, path: str) -> bool:
        return self.tree.holds(path) and not self.tree.is_folder(path)

    def _surely_absent(self, put: Put, place: str) -> bool:
        """Whether a stage that is copied from can't have anything to put at a place: no RUN of it ever wrote."""
        stage = self.lookup.stages[put.origin]
        if any(isinstance(step, Run) for step in self.lookup.backwards(stage.steps, stage.base)):
            return False
        assert put.source
        if put.source.wild or stage.image != "scratch":
            return False
        return not any(
            self.lookup.origin(stage.steps, stage.base, "/" + path) for path in put.candidates(place, self.tree)
        )

    def _judge_only_match(self, trace: Trace, put: Put) -> None:
        """A pattern that meets nothing makes no folder either."""
        assert put.source
        met = put.source.split(trace.path)
        if put.origin == CONTEXT and met and all(other == met[0] for other in matches(put.source, self.tree)):
            why = f"line {put.line} meets nothing else, so the folder `{put.dest}` comes and goes with it"
            self._hit(trace, put.line, put.text, why)

    def _judge_archive(self, trace: Trace, put: Put) -> None:
        head = self.tree.start(trace.path, 512)
        if _ARCHIVE.fullmatch(trace.path) or head.startswith(_MAGIC) or head[257:262] == b"ustar":
            self._hit(trace, put.line, put.text, f"line {put.line} unpacks it, if it is an archive")

    def _judge_removal(self, trace: Trace, stage: Stage, number: int, put: Put, spot: Spot) -> None:
        """What its absence would do: break the build, or bring to light what it lay over."""
        if spot.named:
            self._hit(trace, put.line, put.text, f"line {put.line} names it, so the image can't be built without it")
            return
        for step in self.lookup.backwards(stage.steps[:number], stage.base):
            if isinstance(step, Run):
                if _may_have_made(step, spot.path):
                    self._hit(trace, step.line, step.text, f"line {step.line} may have made a file in its place")
            elif step.may_reach(spot.path) and self._brings(trace, step, spot.path):
                self._hit(trace, step.line, step.text, f"without it, what line {step.line} puts there comes to light")
        if _SYSTEM.fullmatch(spot.path) and not any(spot.path.startswith(folder + "/") for folder in stage.made):
            self._hit(trace, put.line, put.text, f"the base image may have a file of its own at `{spot.path}`")

    def _brings(self, trace: Trace, put: Put, place: str) -> bool:
        if put.origin == CONTEXT:
            return any(path != trace.path and self.tree.holds(path) for path in put.candidates(place, self.tree))
        return put.origin == ELSEWHERE or not self._surely_absent(put, place)

    def _run(self, trace: Trace, run: Run, spots: list[Spot]) -> list[Spot]:
        mounted = [spot for put in run.mounts for spot in self._arriving(trace, put)] if run.mounts else []
        trace.seen += mounted
        for effect in run.effects:
            for spot in mounted:
                if effect.kind in (Kind.READS, Kind.LISTS, Kind.NEEDS) and effect.matches(spot.path):
                    self._apply(trace, run, effect, spot)
            if any(effect.matches(spot.path) for spot in spots):
                kept = (self._apply(trace, run, effect, spot) if effect.matches(spot.path) else spot for spot in spots)
                spots = [spot for spot in kept if spot is not None]
        return spots

    def _apply(self, trace: Trace, run: Run, effect: Effect, spot: Spot) -> Spot | None:
        """A spot after a command that concerns it; None where it is gone."""
        if effect.kind is Kind.OWNS:
            return spot._replace(owner=_owner(effect.value, spot.owner))
        if effect.kind is Kind.MODES:
            return _with_mode(spot, effect.value)
        if effect.kind is Kind.REMOVES:
            trace.lost.append(Hit(run.line, run.text, f"line {run.line} removes it again (`{effect.clause}`)"))
            return None
        structure = trace.change is not Change.EDIT
        counts = {Kind.LISTS: structure, Kind.NEEDS: trace.change is Change.DELETE}.get(effect.kind, True)
        if counts:
            hit = Hit(run.line, run.text, f"line {run.line} {effect.why}", effect.hint)
            (trace.replaced if effect.replaced else trace.hits).append(hit)
        return spot

    def _hit(self, trace: Trace, line: int, text: str, why: str, hint: str = "") -> None:
        trace.hits.append(Hit(line, text, why, hint))


def _may_have_made(run: Run, place: str) -> bool:
    """Whether a RUN before a COPY can have left something where a file of the context ends."""
    for effect in run.effects:
        if effect.kind is Kind.WRITES and effect.matches(place):
            return True
        if effect.kind is Kind.READS and effect.pattern is None:
            return run.folder == "/" or place.startswith(run.folder + "/")
    return False


def _owner(given: str, before: str) -> str:
    """chown's value over an owner: `user` keeps the group, `:group` the user."""
    user, colon, group = given.partition(":")
    old_user, _, old_group = before.partition(":")
    if not colon:
        return f"{user}:{old_group}"
    return f"{user or old_user}:{group if group or user else old_group}"


def _with_mode(spot: Spot, value: str) -> Spot:
    if re.fullmatch(r"[0-7]{1,5}", value):
        return spot._replace(mode=int(value, 8), changes=())
    return spot._replace(changes=(*spot.changes, value))
