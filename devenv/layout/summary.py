"""What a Layout says of files and folders, as answers to show; groups them, and words nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from devenv.layout.read import Layout
from devenv.layout.ruling import Change, Ruling, Verdict

_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class FileAnswer:
    """The ruling on one path; where no such file is `there`, the ruling on a new one."""

    ruling: Ruling
    there: bool = True


@dataclass(frozen=True, slots=True)
class Group:
    """Files of a folder that the same line decides, in the same way; `examples` are some of them."""

    verdict: Verdict
    line: int
    instruction: str
    reason: str
    count: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FolderAnswer:
    """A folder's files by what decides them; `left_out` are folders that the ignore file keeps out as a whole."""

    path: str
    groups: tuple[Group, ...]
    left_out: tuple[str, ...] = ()


def answer(layout: Layout, path: str) -> FileAnswer | FolderAnswer:
    """The answer for a path of the context, by what is there now."""
    if path == "" or layout.tree.is_folder(path):
        return _folder(layout, path)
    there = layout.tree.is_there(path)
    return FileAnswer(layout.rule(path, Change.EDIT if there else Change.ADD), there)


def _folder(layout: Layout, path: str) -> FolderAnswer:
    if path and (layout.tree.passing(path) or not layout.tree.may_hold(path)):
        return FolderAnswer(path, (), (path,))
    return FolderAnswer(path, tuple(group(layout.rulings(path))), tuple(layout.tree.left_out(path)))


def group(rulings: Iterable[tuple[Ruling, Sequence[str]]]) -> list[Group]:
    """The rulings, each with the paths that it stands for, by what decides them: sync first, then the line."""
    firsts: dict[tuple[Verdict, int, str], Ruling] = {}
    counts: dict[tuple[Verdict, int, str], int] = {}
    examples: dict[tuple[Verdict, int, str], list[str]] = {}
    for each, paths in rulings:
        about = "" if each.verdict is Verdict.SYNC else each.reason.replace(each.path, "…")
        key = (each.verdict, each.line, about)
        count = counts.get(key, 0)
        counts[key] = count + len(paths)
        if not count:
            firsts[key], examples[key] = each, []
        if count < _EXAMPLES:
            examples[key] += paths[: _EXAMPLES - count]
    order = list(Verdict)
    keys = sorted(firsts, key=lambda key: (order.index(key[0]), key[1]))
    return [_group(firsts[key], counts[key], tuple(examples[key])) for key in keys]


def _group(first: Ruling, count: int, examples: tuple[str, ...]) -> Group:
    own = first.path in first.reason and count > 1
    reason = "" if first.verdict is Verdict.SYNC or own else first.reason
    return Group(first.verdict, first.line, first.instruction, reason, count, examples)
