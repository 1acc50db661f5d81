"""Files for the team, made from the manifest: what each kind is, writing it, and saying whether it is up to date.

Nothing here starts anything; how a file's text comes about is with its kind.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

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
    forms: str = ""  # what --services is for; "" for a kind that has one form only
    services: bool = False  # whether it is the form with services

    @property
    def _module(self) -> ModuleType:
        return import_module(f"devenv.generate.{self.name}")

    def _of_form(self, function: Callable[..., Any]) -> Callable[[Session], Any]:
        return functools.partial(function, services=self.services) if self.forms else function

    @property
    def command(self) -> str:
        """What writes it anew."""
        return f"devenv generate {self.name}" + (" --services" if self.services else "")

    @property
    def artifacts(self) -> Callable[[Session], list[Artifact]]:
        """What `--check` compares."""
        return self._of_form(self._module.artifacts)

    @property
    def paths(self) -> Callable[[Session], list[Path]]:
        """Where its files are; asked of a project that may have none of them."""
        found = getattr(self._module, "paths", None)
        return found or (lambda session: [each.path for each in self.artifacts(session)])

    @property
    def notes(self) -> Callable[[Session], list[str]]:
        """What its files can't express of the manifest, in words."""
        found = getattr(self._module, "notes", None)
        return self._of_form(found) if found else lambda session: []

    @property
    def beside(self) -> Callable[[Session], list[Path]]:
        """Writes what else is needed that is not ours alone; gives the files that changed."""
        found: Callable[[Session], list[Path]] = getattr(self._module, "write_beside", lambda session: [])
        return found

    def as_written(self, session: Session) -> Kind | None:
        """The kind in the form that its files have; None where none of them was generated."""
        from devenv.artifacts import MARKER
        from devenv.artifacts.files import read

        heads = [(read(path) or "").partition("\n")[0] for path in self.paths(session)]
        ours = [head for head in heads if MARKER in head]
        return replace(self, services=any("--services" in head for head in ours)) if ours else None


KINDS = (
    Kind(
        "compose",
        "Write compose.yaml, which works without devenv, and the values it needs into .env, which git ignores.",
        "compose.yaml",
        "a compose.yaml",
    ),
    Kind(
        "github",
        "Write .github/workflows/devenv.yml, which tests the project by `devenv run`; see docs/ci.md.",
        "the workflow",
        "a workflow",
        "Use GitHub's own services in place of `devenv run`; says what they can't express.",
    ),
    Kind(
        "gitlab",
        "Write .gitlab/devenv.gitlab-ci.yml, a job to include that tests the project; see docs/ci.md.",
        "the job",
        "a job",
        "Use GitLab's own services in place of `devenv run`; says what they can't express.",
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

    return [*apply(kind.artifacts(session), force=force, command=kind.command), *kind.beside(session)]


def compare(session: Session, kind: Kind) -> None:
    """Compare a kind's files, in the form they have, with the manifest. Raises `ArtifactConflictError` with a diff."""
    from devenv.artifacts.files import check

    kind = kind.as_written(session) or kind
    check(kind.artifacts(session), command=kind.command)


def compare_all(session: Session) -> list[Path]:
    """Compare all that was generated here; gives the files. Raises one `ArtifactConflictError` with every diff."""
    from devenv.errors import ArtifactConflictError

    found: list[Path] = []
    stale: list[ArtifactConflictError] = []
    for kind in KINDS:
        there = kind.as_written(session)
        if there is None:
            continue
        found += there.paths(session)
        try:
            compare(session, there)
        except ArtifactConflictError as error:
            stale.append(error)
    if stale:
        diff = "\n".join(error.diff for error in stale)
        names = ", ".join(error.message.removeprefix("not up to date: ") for error in stale)
        hint = "; ".join(error.hint or "" for error in stale)
        raise ArtifactConflictError(f"not up to date: {names}", diff=diff, hint=hint)
    return found
