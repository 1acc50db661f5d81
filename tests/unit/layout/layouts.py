"""Layouts of small contexts: writes the files, reads the layout, and says in short what it says of a path."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

from devenv.layout.exceptions import Exemption
from devenv.layout.image import Facts, nothing_known
from devenv.layout.read import Layout, read_layout
from devenv.layout.ruling import Change, Ruling, Verdict

from .trees import grow


def layout(
    root: Path,
    dockerfile: str,
    files: Mapping[str, str] | list[str] | str = (),
    *,
    target: str | None = None,
    args: Mapping[str, str] | None = None,
    facts: Facts = nothing_known,
    command: Sequence[str] | None = None,
    env: Mapping[str, str] | None = None,
    exceptions: Sequence[Exemption] = (),
) -> Layout:
    """The layout of a context with these files: a mapping to their content, or names divided by blanks."""
    names = files.split() if isinstance(files, str) else files
    tree = dict(names) if isinstance(names, Mapping) else dict.fromkeys(names, "x\n")
    grow(root, {**tree, "Dockerfile": textwrap.dedent(dockerfile)})
    file = root / "Dockerfile"
    return read_layout(
        root, file, target=target, args=args, facts=facts, command=command, env=env, exceptions=exceptions
    )


def short(ruling: Ruling) -> str:
    """`sync /app/a.py`, `rebuild 7` or `absent`."""
    if ruling.verdict is Verdict.SYNC:
        return " ".join(["sync", *(landing.path for landing in ruling.landings)])
    return f"rebuild {ruling.line}" if ruling.verdict is Verdict.REBUILD else "absent"


def says(found: Layout, path: str, change: Change | None = None) -> str:
    """What a layout says of a path, in short."""
    return short(found.rule(path, change))
