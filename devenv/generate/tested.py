"""How CI tests a project: what the manifest says, and for the rest what the project's own files tell."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from devenv.errors import InputError
from devenv.stack import CI

Words = tuple[str, ...]

_PYTHON = "python"


@dataclass(frozen=True, slots=True)
class Tested:
    """A project's test: its command, what is installed before it, and the language that this is written in.

    `told_by` is the file that told, "" where there is none; `own` where the manifest says what is installed.
    """

    test: Words
    install: tuple[Words, ...] = ()
    language: str = _PYTHON
    image: str = ""
    uses: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    told_by: str = ""
    own: bool = False
    place: str = ""  # the way to the project from the top of its repository, with a `/` at its end

    @property
    def in_python(self) -> bool:
        """Whether the Python that runs devenv is what the project needs, too."""
        return self.language == _PYTHON


def find_out(root: Path, ci: CI, folder: str = "") -> Tested:
    """How the project is tested that is at `root`, in a folder of its repository.

    Raises `InputError` where neither manifest nor files tell.
    """
    table, place = projects(), f"{folder}/" if folder else ""
    found: Mapping[str, Any] = next((row for row in table["project"] if (root / row["file"]).is_file()), {})
    if not ci.test and not found:
        known = ", ".join(f"`{row['file']}`" for row in table["project"])
        raise InputError(
            "what CI shall run is not known: the manifest does not say, and no file of the project tells",
            where=str(root),
            hint=f'write it: [ci] test = ["make", "test"]; files that tell: {known}',
        )
    language = found.get("language", _PYTHON)
    needs = table["language"][language]
    return Tested(
        test=ci.test or tuple(found["test"]),
        install=ci.install or tuple(map(tuple, found.get("install", ()))),
        language=language,
        image=needs["image"].replace("{python}", ci.python),
        uses=needs.get("uses", ""),
        settings={
            name: value.replace("{folder}", place)
            for name, value in {**needs.get("with", {}), **found.get("with", {})}.items()
        },
        told_by=found.get("file", ""),
        own=bool(ci.install),
        place=place,
    )


@functools.cache
def projects() -> dict[str, Any]:
    """The table of what tells how a project is tested."""
    return tomllib.loads(Path(__file__).with_name("projects.toml").read_text(encoding="utf-8"))
