"""What a stage does to files, a value for each line: it copies or it runs; values and their arithmetic, no parsing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import NamedTuple

from devenv.layout.ignore import Folder, Ignore
from devenv.layout.source import Source
from devenv.layout.tree import Tree

CONTEXT = -1
"""Stands for the build context where a stage's number could stand."""

ELSEWHERE = -2
"""Stands for an image, a URL or the Dockerfile's own text: no file of the context comes from there."""

_NUMBERS = re.compile(r"\d+:\d+")
_FOREIGN = "its owner `{}` is a user of the stage it comes from, whose number only a build knows"


class Spot(NamedTuple):
    """Where a path of the context is in a stage, and which line brought it there.

    `named` says that a source names it alone, so that nothing can be built without it. `doubt` is why the place is not
    sure; empty where it is.
    """

    path: str
    line: int
    text: str
    owner: str = "0:0"
    mode: int | None = None
    changes: tuple[str, ...] = ()
    follows: bool = False
    named: bool = False
    doubt: str = ""


@dataclass(frozen=True)
class Put:
    """One source of a COPY or ADD. `dest` is absolute without a slash at its end ("" is the root).

    `origin` is a stage's number, CONTEXT or ELSEWHERE. `into` says that a file keeps its name in `dest`. `aliases` are
    the links among what the source meets: where each leads, and the path by which it was met. `fresh` says that `dest`
    was no folder before, as far as is known.
    """

    line: int
    text: str
    origin: int
    source: Source | None
    dest: str
    into: bool
    owner: str | None = None
    mode: int | None = None
    changes: tuple[str, ...] = ()
    exclude: Ignore | None = None
    pivot: int | None = None
    unpacks: bool = False
    aliases: tuple[tuple[str, str], ...] = ()
    doubt: str = ""
    fresh: bool = False

    def place(self, path: str, tree: Tree) -> Iterator[Spot]:
        """Where a path of the context ends by this line."""
        if self.source and (met := self.source.split(path)):
            entry, rest = met
            named = not rest and not self.source.wild
            follows = bool(self.aliases) and any(path == linked for _, linked in self.aliases)
            if found := self._spot(entry, rest, not rest and tree.is_folder(path), named, follows):
                yield found
        for real, entry in self.aliases:
            if (below := _below(path, real)) and (
                found := self._spot(entry, below[0], tree.is_folder(path), not below[0])
            ):
                yield found

    def carry(self, spot: Spot) -> Spot | None:
        """Where a file of the stage that this line copies from ends; None where it is not copied."""
        assert self.source
        path = spot.path[1:]
        met = self.source.split(path)
        for real, entry in self.aliases:
            if not met and (rest := _below(path, real)):
                met = entry, rest[0]
        found = self._spot(*met, False, spot.named or (not met[1] and not self.source.wild)) if met else None
        if found is None:
            return None
        if self.owner is not None:
            owner, foreign = self.owner, ""
        else:
            owner, foreign = spot.owner, "" if _NUMBERS.fullmatch(spot.owner) else _FOREIGN.format(spot.owner)
        return found._replace(
            owner=owner,
            mode=spot.mode if self.mode is None else self.mode,
            changes=self.changes or (() if self.mode is not None else spot.changes),
            follows=spot.follows,
            doubt=spot.doubt or self.doubt or foreign,
        )

    def candidates(self, place: str, tree: Tree) -> Iterator[str]:
        """The paths, of the context or the stage it copies from, that it would bring to a place if they are there.

        From a stage only what a plain source names, as a pattern there meets what nobody knows.
        """
        if self.source is None or self.origin == ELSEWHERE or (self.source.wild and self.origin != CONTEXT):
            return
        for entry in matches(self.source, tree) if self.source.wild else [self.source.text]:
            if entry and place == (f"{self.dest}/{entry.rpartition('/')[2]}" if self.into else self.dest):
                yield entry
            if place.startswith(self._prefix):
                rest = place[len(self._prefix) :]
                if not self._excluded(rest):
                    yield f"{entry}/{rest}" if entry else rest

    def may_reach(self, place: str) -> bool:
        """Whether a line that doesn't copy from the context can bring something to a place."""
        return place == self.dest or place.startswith(self._prefix)

    @cached_property
    def _prefix(self) -> str:
        return self.dest + "/"

    def _spot(self, entry: str, rest: str, folder: bool, named: bool, follows: bool = False) -> Spot | None:
        if rest and self._excluded(rest):
            return None
        if self.pivot is not None:
            kept = "/".join(entry.split("/")[self.pivot :])
            path = "/".join(part for part in (self.dest, kept, rest) if part)
            path = path if path.startswith("/") else "/" + path
        elif rest:
            path = self._prefix + rest
        elif folder or not self.into:
            path = self.dest or "/"
        else:
            path = f"{self.dest}/{entry.rpartition('/')[2]}"
        owner = "0:0" if self.owner is None else self.owner
        return Spot(path, self.line, self.text, owner, self.mode, self.changes, follows, named, self.doubt)

    def _excluded(self, rest: str) -> bool:
        """Whether `--exclude` leaves a path of a copied folder out; it doesn't judge files that a source names."""
        if self.exclude is None:
            return False
        folder = Folder()
        *above, _ = rest.split("/")
        for name in above:
            folder = self.exclude.enter(folder.prefix + name, folder)
        return self.exclude.hides(rest, folder)


def matches(source: Source, tree: Tree) -> list[str]:
    """What a pattern meets in the context now."""
    level = [source.fixed]
    for _ in range(source.depth - (source.fixed.count("/") + 1 if source.fixed else 0)):
        level = [f"{folder}/{name}" if folder else name for folder in level for name in tree.entries(folder)]
    return [path for path in level if source.split(path) and not tree.ignored(path)]


def _below(path: str, top: str) -> tuple[str] | None:
    """The rest of a path behind `top`, in a tuple as it can be empty; None where it isn't there or below."""
    if path == top:
        return ("",)
    if not top:
        return (path,)
    return (path[len(top) + 1 :],) if path.startswith(top + "/") else None


class Kind(Enum):
    """What a command does to a file that its pattern matches."""

    READS = "reads"  # any change of it counts
    LISTS = "lists"  # it counts whether it is there, not what is in it
    NEEDS = "needs"  # the command fails without it
    WRITES = "writes"  # what it had is gone
    REMOVES = "removes"
    OWNS = "owns"
    MODES = "modes"


@dataclass(frozen=True, slots=True)
class Effect:
    """What one command of a RUN does to the files whose absolute path `pattern` matches; None matches all.

    `expressions` are what the pattern consists of: it matches where one of them does. `clause` is the command, `why`
    what is to be said of it; `value` the owner or the mode that it gives. `replaced` says that the app's own command
    does this while it runs, if it finds the file.
    """

    kind: Kind
    pattern: re.Pattern[str] | None
    clause: str
    why: str = ""
    value: str = ""
    hint: str = ""
    replaced: bool = False
    expressions: tuple[str, ...] = ()

    def matches(self, path: str) -> bool:
        """Whether it does it to the file at a path."""
        return self.pattern is None or self.pattern.fullmatch(path) is not None


@dataclass(frozen=True, slots=True)
class Run:
    """One RUN: the effects of its commands in their order, and what is mounted while it runs."""

    line: int
    text: str
    effects: tuple[Effect, ...]
    mounts: tuple[Put, ...] = ()
    folder: str = "/"


Step = Put | Run


@dataclass(frozen=True)
class Stage:
    """All that is known of a built stage; `base` is a stage's number or None for an image, `env` what ENV has set."""

    number: int
    name: str
    line: int
    image: str
    base: int | None
    steps: Sequence[Step]
    workdir: str = "/"
    user: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    made: frozenset[str] = frozenset()

    @property
    def shown(self) -> str:
        """How to name it in a sentence."""
        return f"stage `{self.name}`" if self.name else f"the stage of line {self.line}"
