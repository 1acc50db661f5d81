"""What VS Code is given for what a project is made of, by a table of files; decides nothing that the table can say."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from devenv.stack import Editor

_LARGEST = 1 << 20
"""Bytes of a file that are looked at: what it depends on stands in a smaller one."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A row of the table."""

    files: tuple[str, ...]
    holds: str
    extensions: tuple[str, ...]
    settings: dict[str, Any]

    def is_there(self, folders: Iterable[Path]) -> bool:
        """Whether one of the folders is of this kind."""
        found = (path for folder in folders for pattern in self.files for path in folder.glob(pattern))
        return any(path.is_file() and (not self.holds or self.holds in _text(path)) for path in found)


def customizations(folders: Iterable[Path], editor: Editor) -> dict[str, Any]:
    """VS Code's extensions and settings: what the table says of the folders, then what the manifest says over it.

    An extension with `-` before its name is one that the manifest does not want.
    """
    folders = tuple(dict.fromkeys(folders))
    extensions: dict[str, None] = {}
    settings: dict[str, Any] = {}
    for kind in _kinds():
        if kind.is_there(folders):
            extensions |= dict.fromkeys(kind.extensions)
            settings |= kind.settings
    extensions |= dict.fromkeys(editor.extensions)
    unwanted = {name.removeprefix("-").lower() for name in extensions if name.startswith("-")}
    kept = [name for name in extensions if not name.startswith("-") and name.lower() not in unwanted]
    return {"extensions": kept, "settings": settings | json.loads(editor.settings or "{}")}


@cache
def _kinds() -> tuple[Kind, ...]:
    table = tomllib.loads((Path(__file__).parent / "detected.toml").read_text(encoding="utf-8"))
    return tuple(
        Kind(tuple(row["files"]), row.get("holds", ""), tuple(row.get("extensions", ())), row.get("settings", {}))
        for row in table["kinds"]
    )


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_LARGEST).decode(errors="replace")
    except OSError:
        return ""
