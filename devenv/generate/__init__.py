"""Files for the team, made from the manifest: what each kind is, writing it, and saying whether it is up to date.

Nothing here starts anything; how a file's text comes about is with its kind.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # `--help` needs the table alone
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType

    from devenv.artifacts import Artifact
    from devenv.workflow import Session


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of files: its name in `devenv generate NAME`, and what `--help` says of it."""

    name: str
    help: str
    shown: str  # what it writes, in words
    force: str  # what --force writes over

    @property
    def _module(self) -> ModuleType:
        return import_module(f"devenv.generate.{self.name}")

    @property
    def artifacts(self) -> Callable[[Session], list[Artifact]]:
        """What `--check` compares."""
        found: Callable[[Session], list[Artifact]] = self._module.artifacts
        return found

    @property
    def beside(self) -> Callable[[Session], list[Path]]:
        """Writes what else is needed that is not ours alone; gives the files that changed."""
        found: Callable[[Session], list[Path]] = getattr(self._module, "write_beside", lambda session: [])
        return found


KINDS = (
    Kind(
        "compose",
        "Write compose.yaml, which works without devenv, and the values it needs into .env, which git ignores.",
        "compose.yaml",
        "a compose.yaml",
    ),
    Kind(
        "devcontainer",
        "Write .devcontainer, for an editor that works inside of an app's container, beside what `devenv up` runs.",
        ".devcontainer",
        "a .devcontainer",
    ),
)


def write(session: Session, kind: Kind, *, force: bool = False) -> list[Path]:
    """Write a kind's files; gives those that changed. Raises `ArtifactConflictError` for a file that is the user's."""
    from devenv.artifacts.files import apply

    again = f"devenv generate {kind.name}"
    return [*apply(kind.artifacts(session), force=force, command=again), *kind.beside(session)]


def compare(session: Session, kind: Kind) -> None:
    """Compare a kind's files with the manifest. Raises `ArtifactConflictError` with a diff."""
    from devenv.artifacts.files import check

    check(kind.artifacts(session), command=f"devenv generate {kind.name}")
