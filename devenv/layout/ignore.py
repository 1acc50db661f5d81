"""Which paths an ignore file keeps from the image, by Docker's rules and not git's; reads the ignore file, no others.

Docker's client walks the context from the top and asks for every path (fsutil's filter, moby/patternmatcher's
`MatchesUsingParentResults`):

- the last pattern that matches the path decides; a pattern that matched a folder goes on matching everything in it;
- but a pattern is only tried where it could change the answer: `!` while the path is ignored, the others while it is
  not. A `!a` that had nothing to do at `a` therefore doesn't count for `a/x`, and after `a/*.txt`, `!a` the file
  `a/x.txt` stays ignored;
- an ignored folder is entered only if a `!` pattern contains a wildcard or lies in the folder by its plain text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

from devenv.errors import DevenvError, InputError
from devenv.layout.pattern import Kind, Pattern, PatternError, parse

NAME = ".dockerignore"
_BYTE_ORDER_MARK = "\ufeff"
_WILD = frozenset("*[]?^\\")


@dataclass(frozen=True, slots=True)
class Folder:
    """What the patterns say of a folder: `prefix` ends in `/`, `matched` has a bit for each pattern that matched."""

    prefix: str = ""
    ignored: bool = False
    matched: int = 0


class Ignore:
    """The patterns of one ignore file. Paths are relative to the context, with `/`, and clean."""

    def __init__(self, patterns: tuple[Pattern, ...] = ()) -> None:
        self._patterns = patterns
        self._including = [(1 << place, pattern) for place, pattern in enumerate(patterns) if pattern.includes]
        exact = {pattern.text for pattern in patterns if pattern.kind is Kind.EXACT}
        endings = [pattern.ending for pattern in patterns if pattern.kind is Kind.SUFFIX]
        self._exact = exact.union(ending[1:] for ending in endings if ending.startswith("/"))
        self._endings = tuple(endings)
        self._beginnings = tuple(pattern.beginning for pattern in patterns if pattern.kind is Kind.PREFIX)

    @classmethod
    def from_text(cls, text: str, file: str = NAME) -> Self:
        """Read an ignore file's text; `file` is for messages. Raises InputError for a line that Docker refuses."""
        patterns = []
        for number, line in enumerate(text.removeprefix(_BYTE_ORDER_MARK).split("\n"), 1):
            try:
                pattern = parse(line)
            except PatternError as error:
                hint = "the build would fail; put a backslash before a character that stands for itself"
                raise InputError(str(error), where=f"{file}:{number}", hint=hint) from error
            if pattern:
                patterns.append(pattern)
        return cls(tuple(patterns))

    def ignored(self, path: str) -> bool:
        """Whether a file or folder is kept from the image.

        True also for a folder that is only sent because something below it is included again.
        """
        folder = Folder()
        *above, _ = path.split("/")
        for name in above:
            folder = self.enter(folder.prefix + name, folder)
            if folder.ignored and not self.may_hold_included(folder):
                return True
        return self.hides(path, folder)

    def may_hold_included(self, folder: str | Folder) -> bool:
        """Whether something below an ignored folder can be part of the image; False: there is no need to look."""
        if isinstance(folder, str):
            state = Folder()
            for end in (*(match.start() for match in re.finditer("/", folder)), len(folder)):
                state = self.enter(folder[:end], state)
                if state.ignored and not self.may_hold_included(state):
                    return False
            return True
        return not folder.ignored or (self._docker_enters(folder.prefix) and self._reachable(folder))

    def enter(self, path: str, parent: Folder) -> Folder:
        """What the patterns say of a folder, given what they say of the folder it is in."""
        if not self._touched(path):
            return Folder(path + "/", parent.ignored, parent.matched)
        ignored, matched = self._judge(path, parent)
        return Folder(path + "/", ignored, matched)

    def hides(self, path: str, parent: Folder) -> bool:
        """As `ignored`, for those who walk and have the folder's state."""
        return self._judge(path, parent)[0] if self._touched(path) else parent.ignored

    def includes_by_name(self, name: str) -> bool:
        """Whether a `!` pattern has the name as one part of its path, as it stands."""
        return any(name in pattern.text.split("/") for _, pattern in self._including)

    def _touched(self, path: str) -> bool:
        """Whether any pattern matches the path itself; if none does, its folder's state is the answer."""
        return (
            path in self._exact
            or path.endswith(self._endings)
            or path.startswith(self._beginnings)
            or (self._any_expression is not None and self._any_expression.fullmatch(path) is not None)
        )

    @cached_property
    def _any_expression(self) -> re.Pattern[str] | None:
        expressions = dict.fromkeys(pattern.expression for pattern in self._patterns if pattern.expression)
        return re.compile("|".join(f"(?:{each})" for each in expressions), re.ASCII) if expressions else None

    def _judge(self, path: str, parent: Folder) -> tuple[bool, int]:
        ignored = False
        matched = 0
        for place, pattern in enumerate(self._patterns):
            bit = 1 << place
            if parent.matched & bit or (pattern.includes is ignored and pattern.matches(path)):
                ignored = not pattern.includes
                matched |= bit
        return ignored, matched

    def _docker_enters(self, prefix: str) -> bool:
        """Docker's own test, by text alone (fsutil's filter): it may skip what a pattern would include again."""
        stems = [_without_glob(pattern.text) for _, pattern in self._including]
        return any(not _WILD.isdisjoint(stem) for stem in stems) or any(f"{stem}/".startswith(prefix) for stem in stems)

    def _reachable(self, folder: Folder) -> bool:
        """Whether a `!` pattern behind the last one that ignored the folder can match a path below it.

        Docker doesn't ask this and only loses time; an answer of True is never wrong.
        """
        excluding = (1 << place for place, pattern in enumerate(self._patterns) if not pattern.includes)
        last = max((bit for bit in excluding if folder.matched & bit), default=0)
        return any(bit > last and _may_match_below(pattern, folder.prefix) for bit, pattern in self._including)


def ignore_file(context: Path, dockerfile: Path) -> Path | None:
    """The ignore file that counts: `<Dockerfile>.dockerignore` beside the Dockerfile, else the context's.

    The former replaces the latter even if it is empty (Docker docs, ".dockerignore file", "Filename and location").
    A link that leads out of the folder it is in counts as absent, as the builder doesn't follow it. Raises DevenvError
    where the folder can't be looked into.
    """
    for path in (dockerfile.with_name(f"{dockerfile.name}{NAME}"), context / NAME):
        try:
            if path.is_file() and path.resolve().is_relative_to(path.parent.resolve()):
                return path
        except OSError as error:
            raise DevenvError(f"can't look for an ignore file: {error.strerror}", where=str(path)) from error
    return None


def parse_ignore(path: Path, content: bytes) -> Ignore:
    """The patterns in an ignore file's content; bytes that aren't UTF-8 become U+FFFD, as in the builder.

    Raises InputError for a pattern that Docker refuses.
    """
    return Ignore.from_text(content.decode(errors="replace"), str(path))


def read_bytes(path: Path) -> bytes:
    """A small file's content. Raises DevenvError that names the file."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise DevenvError(f"can't read the file: {error.strerror}", where=str(path)) from error


def _without_glob(text: str) -> str:
    return text.removesuffix("/**").removesuffix("/*")


def _may_match_below(pattern: Pattern, prefix: str) -> bool:
    """False only if no path that begins with `prefix` can match: by the plain start, or by the number of slashes."""
    text = pattern.text
    if pattern.kind is Kind.REGEXP and any(mark in text for mark in "|{^" + _BYTE_ORDER_MARK):
        return True
    end = next((place for place, char in enumerate(text) if char in _WILD), len(text))
    if not text.startswith(prefix) and not prefix.startswith(text[:end]):
        return False
    return any(mark in text for mark in ("**", "[", "\\")) or text.count("/") >= prefix.count("/")
