"""A build context as it was seen once, to keep and to compare; must not look at the disk."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

BUILDER = "//"
"""Begins the keys of the Dockerfile and the ignore file, which the builder reads wherever they are; a path relative to
the context follows. They have a second entry if they are also part of the context."""

LINK = "->"
_VERSION = 1
_DIGEST_BYTES = 16


class Entry(NamedTuple):
    """A file, link or folder as it was seen.

    `mode` is `st_mode`: the type and all permission bits, as Docker keeps them all; a link's are always 0o777. Times
    are in ns. `digest` is a file's BLAKE2b of 128 bits in hex, a link's target behind `->`, and empty for a folder.
    Folders and what the builder reads have no size, times or inode: 0.
    """

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    mode: int
    digest: str


@dataclass(frozen=True, slots=True)
class Index:
    """Entries by path relative to the context, with `/`, where a folder's path ends in `/`.

    Names that aren't UTF-8 are in Python's surrogateescape form. `rules` stands for the ignore file; `unsure` are the
    paths whose content must be read once more.
    """

    entries: Mapping[str, Entry]
    rules: str = ""
    unsure: frozenset[str] = frozenset()

    def to_json(self) -> dict[str, Any]:
        """A value for `json.dumps`, in a few long strings: they load several times as fast as a list for each entry."""
        *numbers, digests = ([entry[place] for entry in self.entries.values()] for place in range(len(Entry._fields)))
        return {
            "version": _VERSION,
            "rules": self.rules,
            "unsure": sorted(self.unsure),
            "paths": "\0".join(self.entries),
            "digests": "\0".join(map(str, digests)),
            "numbers": [" ".join(map(str, column)) for column in numbers],
        }

    @classmethod
    def from_json(cls, value: Any) -> Index:
        """Undo `to_json`. Raises ValueError, TypeError or KeyError for what is damaged or of another version."""
        if value["version"] != _VERSION:
            raise ValueError("an index of another version")
        paths = value["paths"].split("\0") if value["paths"] else []
        digests = value["digests"].split("\0") if paths else []
        numbers = (map(int, column.split()) for column in value["numbers"])
        rows = map(Entry._make, zip(*numbers, digests, strict=True))
        return cls(dict(zip(paths, rows, strict=True)), value["rules"], frozenset(value["unsure"]))


def changed(before: Index, after: Index) -> list[str]:
    """The paths that were added, removed, or have other content, permissions or link target; sorted.

    A folder is named only if nothing in it is; the Dockerfile and the ignore file once, by their path.
    """
    if before.entries is after.entries:
        return []
    paths = set()
    for path in before.entries.keys() | after.entries.keys():
        old, new = before.entries.get(path), after.entries.get(path)
        if old is None or new is None or old.mode != new.mode or old.digest != new.digest:
            paths.add(path.removeprefix(BUILDER))
    pairs = itertools.pairwise([*sorted(paths), ""])
    return [path for path, following in pairs if not (path.endswith("/") and following.startswith(path))]


def digest(index: Index) -> str:
    """One hash of all that `changed` compares, in hex; without anything that is of this machine or this day."""
    paths = sorted(index.entries)
    entries = [index.entries[path] for path in paths]
    parts = (paths, [str(entry.mode) for entry in entries], [entry.digest for entry in entries])
    return digest_bytes("\0".join(itertools.chain(*parts)).encode(errors="surrogateescape"))


def new_hash(content: bytes = b"") -> hashlib.blake2b:
    """The hash that all digests here are."""
    return hashlib.blake2b(content, digest_size=_DIGEST_BYTES)


def digest_bytes(content: bytes) -> str:
    """The digest of bytes, in hex."""
    return new_hash(content).hexdigest()
