"""A project on this machine: its folder, its identity, and its manifest resolved into a Stack; knows no engine.

A project is its real path: two clones, two worktrees or two folders of one name are different projects, and a folder
reached by a symbolic link is the same one.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pickle
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from devenv import __version__
from devenv.artifacts.dotenv import BLOCK
from devenv.errors import DevenvError, ManifestError
from devenv.manifest.find import MANIFEST
from devenv.recipe_folder import PROJECT_FOLDER
from devenv.stack import Stack
from devenv.state import State, state_home

GENERATED = ".devenv"
COPY = "-run-"
"""Between a project's id and a copy's own name, in the copy's id."""


@dataclass(frozen=True)
class Project:
    """Where a project is and what engine objects of it are called."""

    root: Path
    manifest: Path
    id: str
    state: State = field(repr=False)
    original: Project | None = None  # of which this is a copy
    lasting: bool = False  # a copy that is used again, so its data is not in memory

    @property
    def label(self) -> str:
        """The real path as text that labels can carry, also where its name is not UTF-8."""
        return os.fsencode(self.root).decode(errors="backslashreplace")

    @property
    def generated(self) -> Path:
        """The folder of generated files; it ignores itself in git, and a copy's is not in the project."""
        return (self.state.folder if self.original else self.root) / GENERATED


def slug(name: str) -> str:
    """A name as engines, databases and buckets take it: lower-case letters, digits and single dashes."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40].strip("-") or "project"


def locate(manifest: Path) -> Project:
    """The project of a manifest. A manifest of another name is a project of its own in the same folder."""
    real = manifest.parent.resolve() / manifest.name  # a link to a manifest elsewhere is this folder's manifest
    root = real.parent
    own_name = real.name == MANIFEST
    identity = root if own_name else real
    name = slug(root.name if own_name else f"{root.name}-{real.stem}")
    digest = hashlib.sha256(str(identity).encode(errors="surrogateescape")).hexdigest()[:8]
    project_id = f"{name}-{digest}"
    return Project(root, real, project_id, State(state_home() / project_id))


def copy_of(project: Project, name: str, *, lasting: bool = False) -> Project:
    """A project beside this one, from the same manifest: `name` tells it from the original and other copies."""
    own = f"{project.id}{COPY}{name}"
    state = State(project.state.folder.parent / own)
    return Project(project.root, project.manifest, own, state, project, lasting)


def load(project: Project) -> Stack:
    """The project's stack. Raises `ManifestError` with all problems at once, or `RecipeError`.

    Reading and resolving cost more than all else of a command that changes nothing, so the result is kept beside the
    digests of every file that it came from.
    """
    if project.original:
        return load(project.original).copied(memory=not project.lasting)
    cache = project.state.folder / "stack.cache"
    try:
        version, digests, stack = pickle.loads(cache.read_bytes())  # noqa: S301 - our own file, in our 0700 folder
        if version == _version() and all(_digest(project, key) == value for key, value in digests.items()):
            assert isinstance(stack, Stack)
            return stack
    except Exception:  # noqa: S110 - absent, or of another version, or cut off: it is only a cache
        pass
    stack, digests = _resolve(project)
    with contextlib.suppress(DevenvError):  # where nothing can be written, looking must still work
        project.state.write_bytes("stack.cache", pickle.dumps((_version(), digests, stack)))
    return stack


def inputs(project: Project) -> tuple[frozenset[Path], frozenset[Path]]:
    """The files that the stack was read from, and the folders in which a new one would count."""
    files, folders = {project.manifest}, set()
    try:
        _, digests, _ = pickle.loads((project.state.folder / "stack.cache").read_bytes())  # noqa: S301 - as in `load`
    except Exception:  # only a cache: the manifest alone is enough to begin with
        digests = {}
    for kind, _, name in (key.partition(" ") for key in digests):
        if kind == "glob":
            folders.add((project.root / name).parent)
        else:
            files.add(Path(name))
    return frozenset(files), frozenset(folders)


def _resolve(project: Project) -> tuple[Stack, dict[str, str]]:
    """The stack, and the digest of everything that was read for it."""
    from devenv.manifest.source import parse, place, read
    from devenv.recipe import catalog
    from devenv.resolve import Context, resolve

    digests: dict[str, str] = {}

    def note(key: str) -> None:
        digests[key] = _digest(project, key)  # before it is read: what changes in between is read again the next time

    def glob(pattern: str) -> list[str]:
        note(f"glob {pattern}")
        return _glob(project.root, pattern)

    def dotenv(file: str) -> Mapping[str, str]:
        from io import StringIO

        from dotenv import dotenv_values

        path = project.root / file
        note(f"file {path}")
        text = BLOCK.sub("", path.read_text(encoding="utf-8"))  # what `generate compose` put there is not the app's
        if "\0" in text:
            raise ValueError("a NUL character can't be passed to a process")
        return {key: value or "" for key, value in dotenv_values(stream=StringIO(text), interpolate=False).items()}

    note(f"file {project.manifest}")
    note(f"glob {PROJECT_FOLDER}/*.toml")
    recipes = catalog(project.root)
    for path in recipes.files:
        note(f"file {path}")
    source = read(project.manifest)
    manifest, problems, dropped = parse(source)
    context = Context(slug(manifest.name or project.root.name), glob, dotenv)
    stack, more = resolve(manifest, recipes, context, dropped=dropped)
    if problems or more:
        raise ManifestError(place(source, [*problems, *more]))
    return stack, digests


def _glob(root: Path, pattern: str) -> list[str]:
    if pattern.startswith("/") or ".." in Path(pattern).parts:
        return []
    try:
        found = sorted(path for path in root.glob(pattern) if path.is_file())
    except (ValueError, IndexError):  # "", "." and "**x" are no patterns
        return []
    return [path.relative_to(root).as_posix() for path in found]


def _digest(project: Project, key: str) -> str:
    kind, _, name = key.partition(" ")
    if kind == "glob":
        return "\n".join(_glob(project.root, name))
    try:
        return hashlib.sha256(Path(name).read_bytes()).hexdigest()
    except OSError:
        return ""


@cache
def _version() -> str:
    """Changes with every release, and in a checkout with every edit of the code that resolves.

    Looked up once: a process goes on with the code that it began with.
    """
    package = Path(__file__).parent
    if (package / "_recipes").is_dir():
        return __version__
    return f"{__version__} {max(file.stat().st_mtime_ns for file in package.rglob('*.py'))}"
