"""Whom a server runs as that refuses to run as root, and whether that user can reach what it needs."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path

from devenv.errors import EngineError

SYSTEM = Path("/var/lib/devenv")
"""Where root's own servers keep their data: nobody else may look into root's home."""
_USERS = ("postgres", "nobody")


@dataclass(frozen=True, slots=True)
class User:
    """An account of this machine that is not root."""

    name: str
    number: int
    group: int

    def owns(self, path: Path) -> None:
        """Give a file, or a folder with all below, to this user."""
        os.chown(path, self.number, self.group)
        for folder, folders, files in os.walk(path):
            for name in (*folders, *files):
                os.chown(Path(folder) / name, self.number, self.group, follow_symlinks=False)

    def reaches(self, path: Path) -> bool:
        """Whether all folders above a path let this user through."""
        return all(folder.stat().st_mode & stat.S_IXOTH for folder in path.parents)


def substitute() -> User | None:
    """Who runs what root may not run; None where we are not root. Raises `EngineError` where there is no such user."""
    if os.geteuid() != 0:
        return None
    for name in _USERS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return User(name, entry.pw_uid, entry.pw_gid)
    raise EngineError("postgres does not run as root, and here is no other user for it", hint="adduser postgres")


def reachable(program: Path, user: User | None, version: str) -> Path:
    """The program, or a copy of all that belongs to it where this user could not get at it.

    A Python environment below root's home is such a place.
    """
    if user is None or user.reaches(program):
        return program
    root = program.parent.parent
    copy = SYSTEM / "programs" / f"{root.name}-{version}"
    if not (copy / "complete").exists():
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(root, copy, symlinks=True)
        for folder in (copy, *copy.parents[: len(copy.parents) - len(SYSTEM.parent.parents) - 1]):
            folder.chmod(0o755)
        (copy / "complete").touch()
    return copy / program.relative_to(root)
