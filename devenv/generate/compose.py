"""`generate compose`: a compose file for the team, and the private values it needs; nothing of it starts anything."""

from __future__ import annotations

from pathlib import Path

from devenv.artifacts import MARKER, Artifact
from devenv.artifacts.compose import Target, render
from devenv.artifacts.dotenv import BLOCK, block
from devenv.artifacts.files import read, write
from devenv.artifacts.names import variables
from devenv.errors import DevenvError
from devenv.process import is_ignored_by_git
from devenv.project import slug
from devenv.workflow import Session

COMPOSE = "compose.yaml"
VARIABLES = ".env"


def paths(session: Session) -> list[Path]:
    """The file for the team."""
    return [session.project.root / COMPOSE]


def artifacts(session: Session) -> list[Artifact]:
    """compose.yaml for the team."""
    stack = session.stack()
    header = (
        f"# {MARKER}; edit that and run `devenv generate compose`\n"
        "# without devenv: docker compose up --wait (a missing value is named; any will do, in .env)\n"
    )
    text = header + render(stack.contained, Target(slug(stack.name)))
    return [Artifact(paths(session)[0], text)]


def write_beside(session: Session) -> list[Path]:
    """Put our block into .env and have git ignore that; gives the files that changed."""
    stack = session.stack()
    secrets = variables(stack, session.bindings(stack))
    if not secrets:
        return []
    root = session.project.root
    return _write_variables(root / VARIABLES, secrets) + _ignore(root)


def _write_variables(path: Path, secrets: dict[str, str]) -> list[Path]:
    """Put our block into .env, leaving every other line of it as it is."""
    before = read(path) or ""
    ours = block(secrets)
    if BLOCK.search(before):
        after = BLOCK.sub(lambda match: ours, before)
    else:
        after = before + ("\n" if before and not before.endswith("\n") else "") + ours
    if after == before:
        return []
    try:
        write(path, after.encode(errors="surrogateescape"), private=True)
    except OSError as error:
        raise DevenvError(f"can't write `{path.name}`: {error.strerror}", where=str(path)) from error
    return [path]


def _ignore(root: Path) -> list[Path]:
    """Have git ignore .env where it does not yet: it holds secrets."""
    if is_ignored_by_git(str(root), VARIABLES) is not False:
        return []
    path = root / ".gitignore"
    before = read(path) or ""
    newline = "\n" if before and not before.endswith("\n") else ""
    write(path, f"{before}{newline}{VARIABLES}\n".encode(errors="surrogateescape"))
    return [path]
