"""The build context as the builder sees it: what is in it, what is ignored, where its links lead; keeps no content."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from devenv.layout.context import is_passing
from devenv.layout.ignore import Folder, Ignore

_LINKS = 40
_OURS = frozenset({".devenv", "__pycache__"})


class Tree:
    """Questions about paths of a context, relative and with `/`; each looks at the disk, links are not followed."""

    def __init__(self, root: Path, ignore: Ignore) -> None:
        self.root = root
        self._ignore = ignore
        self._keeps_git = ignore.includes_by_name(".git")
        self._folders: dict[str, Folder | None] = {"": Folder()}

    def ignored(self, path: str) -> bool:
        """Whether the ignore file keeps a path from the builder."""
        above, _, _ = path.rpartition("/")
        folder = self._folder(above)
        return folder is None or self._ignore.hides(path, folder)

    def passing(self, path: str) -> bool:
        """Whether a path is one that never matters: bytecode, editors' files, `.git`, `.devenv` (see context.py)."""
        name = path.rpartition("/")[2]
        return is_passing(name, keeps_git=self._keeps_git) or self._passing_part.search(path) is not None

    @cached_property
    def _passing_part(self) -> re.Pattern[str]:
        names = [*_OURS, *(() if self._keeps_git else (".git",))]
        return re.compile(rf"(?:^|/)(?:{'|'.join(map(re.escape, names))})(?:/|$)")

    def holds(self, path: str) -> bool:
        """Whether the context has something at a path, and the builder gets it."""
        return os.path.lexists(self._at(path)) and not self.ignored(path)

    def is_folder(self, path: str) -> bool:
        """Whether a path is a folder itself, not a link to one."""
        full = self._at(path)
        return Path(full).is_dir() and not Path(full).is_symlink()

    def is_there(self, path: str) -> bool:
        """Whether something is at a path, ignored or not."""
        return os.path.lexists(self._at(path))

    def real(self, path: str) -> str | None:
        """Where a path leads if its links are followed as the builder does, which takes the context for the root.

        None for a chain without an end.
        """
        todo = path.split("/")[::-1]
        done: list[str] = []
        budget = _LINKS
        while todo:
            part = todo.pop()
            if part in ("", "."):
                continue
            if part == "..":
                done = done[:-1]
                continue
            here = "/".join([*done, part])
            full = Path(self._at(here))
            if not full.is_symlink():
                done.append(part)
                continue
            budget -= 1
            if not budget:
                return None
            target = str(full.readlink())
            if target.startswith("/"):
                done = []
            todo += target.split("/")[::-1]
        return "/".join(done)

    def entries(self, folder: str) -> list[str]:
        """The names in a folder, sorted; none where it can't be listed."""
        try:
            return sorted(each.name for each in os.scandir(self._at(folder)))
        except OSError:
            return []

    def text(self, path: str) -> str | None:
        """A file's text with its links followed; None where it can't be had."""
        real = self.real(path)
        if real is None:
            return None
        try:
            return Path(self._at(real)).read_text(encoding="utf-8", errors="replace")
        except OSError:
            return None

    def start(self, path: str, count: int) -> bytes:
        """The first bytes of a file; none where it can't be had."""
        try:
            with open(self._at(path), "rb") as file:  # noqa: PTH123 - a Path costs more than the reading
                return file.read(count)
        except OSError:
            return b""

    def walk(self, folder: str = "") -> Iterator[tuple[str, list[str]]]:
        """This folder and all below that the builder enters, each with its files, also those that it doesn't get."""
        try:
            with os.scandir(self._at(folder)) as found:
                entries = sorted(found, key=lambda each: each.name)
        except OSError:
            return
        prefix = f"{folder}/" if folder else ""
        files: list[str] = []
        folders: list[str] = []
        for entry in entries:
            name = entry.name
            if name in _OURS or is_passing(name, keeps_git=self._keeps_git):
                continue
            (folders if entry.is_dir(follow_symlinks=False) else files).append(prefix + name)
        yield folder, files
        for path in folders:
            if self.may_hold(path):
                yield from self.walk(path)

    def left_out(self, folder: str = "") -> list[str]:
        """The folders directly in a folder of which nothing can be part of the context."""
        paths = [f"{folder}/{name}" if folder else name for name in self.entries(folder)]
        kept = (path for path in paths if not self.passing(path) and self.is_folder(path))
        return [path for path in kept if not self.may_hold(path)]

    def may_hold(self, path: str) -> bool:
        """Whether something in a folder can be part of the context."""
        return self._folder(path) is not None

    def _at(self, path: str) -> str:
        return f"{self.root}/{path}"

    def _folder(self, path: str) -> Folder | None:
        """What the patterns say of a folder; None where nothing in it can be part of the context."""
        if path in self._folders:
            return self._folders[path]
        above, _, _ = path.rpartition("/")
        parent = self._folder(above)
        result = self._ignore.enter(path, parent) if parent else None
        if result and not self._ignore.may_hold_included(result):
            result = None
        self._folders[path] = result
        return result
