"""What is in a build context at this moment: looks at what a hint names, at everything where that is not enough."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from devenv.layout.context import BUILDER, Index, entry_of, index


class Sight:
    """One build context as it was seen last; `now` begins with what is known of it."""

    def __init__(self, context: Path, dockerfile: Path, known: Index | None = None) -> None:
        self.context = context
        self.dockerfile = dockerfile
        self.now = known or Index({})
        self._top = f"{context}/"
        self._builders: frozenset[str] = frozenset()

    def look(self) -> None:
        """See everything anew. Raises `DevenvError` for what can't be read."""
        self.now = index(self.context, self.dockerfile, self.now)
        keys = [key for key in self.now.entries if key.startswith(BUILDER)]
        self._builders = frozenset(os.path.normpath(self._top + key.removeprefix(BUILDER)) for key in keys)

    def glance(self, paths: Iterable[str]) -> list[str] | None:
        """See only these files, absolute, if all are known ones; gives their keys, or None where `look` is needed.

        What was there for a moment only (editors write beside a file and rename) is nothing to look at.
        """
        fresh = {}
        for path in paths:
            if not path.startswith(self._top):
                continue
            if path in self._builders:
                return None
            key = path.removeprefix(self._top)
            known = self.now.entries.get(key)
            entry = entry_of(path)
            if known is None and entry is None and not self._is_folder(key, path):
                continue
            if known is None or entry is None:
                return None
            fresh[key] = entry
        if fresh:
            entries = {**self.now.entries, **fresh}
            self.now = Index(entries, self.now.rules, self.now.unsure | fresh.keys())
        return list(fresh)

    def folders(self, roots: Iterable[str]) -> set[Path]:
        """The folders to watch: those of the context in which something can lie that the image uses."""
        wanted = {os.path.normpath(root) for root in roots}
        result = {self.context, self.dockerfile.parent}
        everything = "." in wanted
        prefixes = tuple(f"{root}/" for root in wanted)
        above = {str(parent) for root in wanted for parent in Path(root).parents}
        for key in self.now.entries:
            if key.endswith("/") and not key.startswith(BUILDER):
                name = key[:-1]
                if everything or key.startswith(prefixes) or name in above:
                    result.add(self.context / name)
        return result

    def _is_folder(self, key: str, path: str) -> bool:
        """Whether a path that is no file is, or was, a folder."""
        return f"{key}/" in self.now.entries or Path(path).is_dir()
