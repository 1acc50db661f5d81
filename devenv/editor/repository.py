"""What git needs in an editor's container where the project is a worktree: its files lie outside of it; runs no git."""

from __future__ import annotations

import os
from pathlib import Path

_POINTER = "gitdir:"


def mounts(root: Path, inside: str) -> list[tuple[Path, str]]:
    """Folders of the host with their places in the container, for a worktree at `root` that lies at `inside`.

    A worktree's `.git` is a file that leads to the repository, which leads back to the worktree (gitrepository-layout).
    Absolute ways hold only where both have the host's paths; a relative one is followed from where the worktree lies.
    """
    folder = _pointed(root)
    if folder is None:
        return []
    way, private = folder
    common = _line(private / "commondir")
    if common is None:  # a submodule: its repository knows the work tree by another path, so that nothing would help
        return []
    shared = Path(os.path.normpath(private / common))
    if not way.is_absolute():
        below = os.path.normpath(Path(inside) / way / common)
        return [(shared, below)]
    return [(shared, str(shared)), (root, str(root))]


def _pointed(root: Path) -> tuple[Path, Path] | None:
    """The way that `.git` says, and the folder where it leads; None where `.git` is a folder or nothing."""
    if not (root / ".git").is_file():
        return None
    text = _line(root / ".git") or ""
    if not text.startswith(_POINTER):
        return None
    way = Path(text.removeprefix(_POINTER).strip())
    return way, Path(os.path.normpath(root / way))


def _line(path: Path) -> str | None:
    try:
        return os.fsdecode(path.read_bytes()).strip()
    except OSError:
        return None
