"""What a container holds of a build context, and how what is there now differs from it; values in, values out."""

from __future__ import annotations

import itertools
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from devenv.layout.fingerprint import BUILDER, Entry


class Content(NamedTuple):
    """What counts of a file: `st_mode`, and the digest as in `Entry`."""

    mode: int
    digest: str


UNKNOWN = Content(-1, "")
"""Held where a transfer was cut off: equal to nothing, so that it is sent again."""


@dataclass(frozen=True, slots=True)
class Change:
    """One path whose content differs; None: not there. A folder's path ends in `/`, as in an Index."""

    path: str
    before: Content | None
    after: Content | None

    @property
    def folder(self) -> bool:
        """Whether it is, or was, a folder."""
        return self.path.endswith("/")

    @property
    def builder(self) -> bool:
        """Whether it is the Dockerfile or the ignore file as the builder reads it."""
        return self.path.startswith(BUILDER)

    @property
    def name(self) -> str:
        """The path as people write it."""
        return self.path.removeprefix(BUILDER).rstrip("/")

    @property
    def removed(self) -> bool:
        """Whether it is no longer there."""
        return self.after is None

    @property
    def kind(self) -> str:
        """What happened to it, in a word."""
        if self.before is None:
            return "new"
        if self.after is None:
            return "deleted"
        if self.after.digest == self.before.digest and stat.S_IFMT(self.after.mode) == stat.S_IFMT(self.before.mode):
            return "mode"
        return "changed"


@dataclass(slots=True)
class Held:
    """What a container holds: the context that its image was built from, and what was sent since."""

    base: Mapping[str, Entry]
    later: dict[str, Content | None] = field(default_factory=dict)

    def get(self, path: str) -> Content | None:
        """What it holds of a path."""
        if path in self.later:
            return self.later[path]
        entry = self.base.get(path)
        return Content(entry.mode, entry.digest) if entry else None

    def note(self, sent: Mapping[str, Content | None]) -> None:
        """Take in what was sent or removed."""
        self.later.update(sent)


def differences(held: Held, now: Mapping[str, Entry], paths: Iterable[str] | None = None) -> list[Change]:
    """How what is there differs from what is held, sorted by path; of `paths` only where they are given."""
    if paths is None:
        paths = _candidates(held, now)
    found = []
    for path in paths:
        before, entry = held.get(path), now.get(path)
        after = Content(entry.mode, entry.digest) if entry else None
        if before != after:
            found.append(Change(path, before, after))
    return sorted(found, key=lambda change: change.path)


def _candidates(held: Held, now: Mapping[str, Entry]) -> Iterable[str]:
    """Paths that may differ: nearly all of a large context is one and the same object in both."""
    base = held.base
    if base is now:
        return held.later
    differing = {path for path, entry in now.items() if base.get(path) is not entry}
    gone = (path for path in base if path not in now)
    return differing.union(gone, held.later)


def outermost(changes: Iterable[Change]) -> list[Change]:
    """The changes without those folders in which something else changed: for people."""
    ordered = sorted(changes, key=lambda change: change.path)
    names = [change.path for change in ordered] + [""]
    pairs = zip(ordered, itertools.islice(names, 1, None), strict=True)
    return [change for change, following in pairs if not (change.folder and following.startswith(change.path))]
