"""Which files of a folder fare alike, so that one of them can stand for the others; traces none of them itself.

Two files of a folder differ for a Dockerfile only by their names. So their names are put to whatever in it looks at
names, and nothing else of them; where that isn't plain every file is taken for itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from devenv.layout.steps import CONTEXT, ELSEWHERE, Effect, Kind, Put, Run, Stage

_ESCAPED = re.compile(r"\\.", re.DOTALL)
_LITERAL = re.compile(r"(?:\\[^A-Za-z0-9]|[^\\.^$*+?{}\[\]|()])*", re.DOTALL)
_QUANTIFIERS = frozenset("*+?{")
_TREE = "(?:/.*)?"
_ANY = "\0"
"""A name that no file has."""


class _UnclearError(Exception):
    """Nobody can say in short what tells the files apart."""


def alike(stages: Sequence[Stage], folder: str, paths: Sequence[str]) -> list[list[str]]:
    """Files that lie directly in a folder of the context, in groups: an edit of one comes to the same as of another.

    `folder` is "" for the context itself. `stages` come each after those that it needs.
    """
    if len(paths) == 1:
        return [list(paths)]
    search = _Search(folder)
    try:
        search.run(stages)
    except _UnclearError:
        return [[path] for path in paths]
    groups: dict[tuple[bool, ...], list[str]] = {}
    names = (path.rpartition("/")[2] for path in paths)
    for name, path in zip(names, paths, strict=True):
        groups.setdefault(tuple([question(name) for question in search.questions]), []).append(path)
    return list(groups.values())


@dataclass
class _Search:
    """Goes through the stages with a folder's files, and finds the questions to their names."""

    folder: str
    questions: list[Callable[[str], bool]] = field(default_factory=list)
    _places: dict[int, set[str]] = field(default_factory=dict)

    def run(self, stages: Sequence[Stage]) -> None:
        """Go through all. Raises _UnclearError."""
        for stage in stages:
            here = set(self._places[stage.base]) if stage.base is not None else set()
            for step in stage.steps:
                here = self._put(step, here) if isinstance(step, Put) else self._run(step, here)
            self._places[stage.number] = here

    def _put(self, put: Put, here: set[str]) -> set[str]:
        """The folders of the stage in which some of the files are after a COPY or ADD."""
        for place in here:
            if f"{place}/".startswith(f"{put.dest}/") or f"{put.dest}/".startswith(f"{place}/"):
                raise _UnclearError
        return here | self._arriving(put)

    def _arriving(self, put: Put) -> set[str]:
        """The folders in which they come to lie by this line."""
        if put.origin == ELSEWHERE:
            return set()
        origins = {self.folder} if put.origin == CONTEXT else {place[1:] for place in self._places[put.origin]}
        if not origins:
            return set()
        if put.source is None or put.aliases or put.exclude or put.pivot is not None:
            raise _UnclearError
        arrived = set()
        for origin in origins:
            inside = f"{origin}/" if origin else ""
            if not put.source.wild:
                above, _, name = put.source.text.rpartition("/")
                if name and above == origin:  # it may be one of the files
                    self.questions.append(name.__eq__)
            elif put.source.depth == inside.count("/") + 1:
                raise _UnclearError
            if met := put.source.split(inside + _ANY):
                rest = met[1].rpartition("/")[0]
                arrived.add(f"{put.dest}/{rest}" if rest else put.dest)
        return arrived

    def _run(self, run: Run, here: set[str]) -> set[str]:
        """The folders of the stage in which some of the files are after a RUN."""
        mounted = {place for put in run.mounts for place in self._arriving(put)}
        for effect in run.effects:
            for place in here | mounted:
                self._ask(effect, place)
            if effect.kind is Kind.REMOVES:
                here = {place for place in here if reaches(effect.expressions, place) is not True}
        return here

    def _ask(self, effect: Effect, place: str) -> None:
        if (pattern := effect.pattern) is not None and reaches(effect.expressions, place) is None:
            self.questions.append(lambda name: pattern.fullmatch(f"{place}/{name}") is not None)


def reaches(expressions: Iterable[str], place: str) -> bool | None:
    """Whether any of the expressions matches the paths directly in a folder: all, none, or (None) maybe some."""
    found = [_reaches(each, f"{place}/") for each in expressions]
    return True if True in found else None if None in found else False


def _reaches(expression: str, inside: str) -> bool | None:
    """The same for one; `inside` is what the paths begin with."""
    head, rest = _head(expression)
    if head is None:
        return None
    if rest == ".*" and inside.startswith(head):
        return True
    if rest == _TREE and inside.startswith(f"{head}/"):
        return True
    if rest in ("", _TREE):
        return None if _is_in(head, inside) else False
    return None if inside.startswith(head) or _is_in(head, inside) else False


def _is_in(path: str, inside: str) -> bool:
    """Whether a path, or the beginning of one, can be that of something directly in the folder."""
    return path.startswith(inside) and "/" not in path[len(inside) :]


def _head(expression: str) -> tuple[str | None, str]:
    """The plain text that an expression begins with, and the rest of it; None where there may be several beginnings."""
    if "|" in _ESCAPED.sub("", expression):
        return None, ""
    begin = len("(?:") if expression.startswith("(?:") else 0
    found = _LITERAL.match(expression, begin)
    assert found
    rest = expression[found.end() :]
    if begin:
        if rest[:1] != ")":
            return None, ""
        rest = rest[1:]
    if rest[:1] in _QUANTIFIERS:
        return None, ""
    return re.sub(r"\\(.)", r"\1", found[0], flags=re.DOTALL), rest
