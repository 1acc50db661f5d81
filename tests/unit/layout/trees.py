"""Folders to index: writes files, links and folders, and reads an index back in short form."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from devenv.layout.context import BUILDER, Index

Tree = Mapping[str, str | bytes | None]


def grow(root: Path, tree: Tree) -> Path:
    """Write `tree` below `root`: a path that ends in `/` is a folder, a value that begins with `->` a link's target."""
    root.mkdir(parents=True, exist_ok=True)
    for path, content in tree.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.endswith("/"):
            target.mkdir(exist_ok=True)
        elif isinstance(content, str) and content.startswith("->"):
            target.symlink_to(content[2:])
        else:
            target.write_bytes(content if isinstance(content, bytes) else (content or "").encode())
    return root


def in_context(index: Index) -> list[str]:
    """The paths that `COPY . .` would copy, sorted."""
    return sorted(path for path in index.entries if not path.startswith(BUILDER))


def files(index: Index) -> list[str]:
    """The same without the folders."""
    return [path for path in in_context(index) if not path.endswith("/")]
