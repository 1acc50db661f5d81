"""Whether git is at work on the files of a project: a checkout is one change, not one for each file; runs no git."""

from __future__ import annotations

import time
from pathlib import Path

_LONGEST = 15.0
"""Seconds that a checkout is waited for at most."""
_STALE = 60.0
"""Seconds after which a lock is one that a killed git has left."""
_PAUSE = 0.01


class Git:
    """The repository that a folder is in, if there is one."""

    def __init__(self, folder: Path) -> None:
        self._lock = _lock(folder)

    def wait(self, longest: float = _LONGEST) -> None:
        """Wait until git has ended what it does: it keeps `index.lock` for so long (git-update-index(1))."""
        deadline = time.monotonic() + longest
        while self.busy and time.monotonic() < deadline:
            time.sleep(_PAUSE)

    @property
    def busy(self) -> bool:
        """Whether it changes files right now."""
        if self._lock is None:
            return False
        try:
            return time.time() - self._lock.stat().st_mtime < _STALE
        except OSError:
            return False


def _lock(folder: Path) -> Path | None:
    for parent in (folder, *folder.parents):
        found = parent / ".git"
        try:
            if found.is_file():  # a worktree, or a submodule: gitrepository-layout(5)
                target = found.read_text(encoding="utf-8").removeprefix("gitdir:").strip()
                return (parent / target) / "index.lock"
            if found.is_dir():
                return found / "index.lock"
        except (OSError, ValueError):
            return None
    return None
