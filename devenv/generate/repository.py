"""Where a project lies in its repository: CI systems read their files at the top of it only."""

from __future__ import annotations

from pathlib import Path


def top(root: Path) -> Path:
    """The repository's folder: the nearest with `.git`, a folder or (of a worktree) a file; else the project's own."""
    return next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), root)


def place(root: Path) -> str:
    """The way from there to the project, "" where they are one."""
    way = root.relative_to(top(root)).as_posix()
    return "" if way == "." else way
