"""Recipes: a sidecar as data, read from TOML; knows no engine, runs no code, and names no recipe in code."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from devenv.errors import RecipeError
from devenv.recipe_folder import PROJECT_FOLDER, bundled_folder

BUNDLED = "devenv's own"


class Table(BaseModel):
    """A table of a recipe: a key that nobody reads is an error, not a comment."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Option(Table):
    """Something a manifest may set for this sidecar."""

    type: Literal["string", "list", "files", "choice"]
    default: str | list[str]
    help: str
    pattern: str | None = None
    choices: dict[str, str] = Field(default_factory=dict)
    mount: str | None = None


class SecretModel(Table):
    """A private value: random per project unless the manifest gives it."""

    help: str


class RecipePort(Table):
    """A port and the address that people and programs use for it."""

    name: str
    port: int
    url: str


class FilePart(Table):
    """A piece of a generated file: written once, or once for each combination of the named list options."""

    text: str
    each: dict[str, str] = Field(default_factory=dict)


class RecipeFile(Table):
    """A file that is generated inside the container."""

    path: str
    parts: list[FilePart]


class RecipeCheck(Table):
    """A probe from outside that a ready service answers."""

    probe: Literal["http", "tcp", "postgres", "redis", "s3", "smtp"]
    port: int
    params: dict[str, str] = Field(default_factory=dict)


class HealthModel(Table):
    """The same from inside, for people who use the compose file alone."""

    command: list[str]
    start_interval: str = "1s"


class CommandModel(Table):
    """A command inside the container."""

    command: list[str]
    suffix: str = ""


class RecipeService(Table):
    """The container."""

    command: list[str] | None = None
    bare: list[str] | None = None
    env: dict[str, str] = Field(default_factory=dict)
    volumes: dict[str, str] = Field(default_factory=dict)
    caches: dict[str, str] = Field(default_factory=dict)
    user: str | None = None
    shm_size: str | None = None
    stop_grace: str = "10s"


class NativeModel(Table):
    """What serves it where there is no engine for containers: one of docs/native.md, and what that is told."""

    provider: Literal["postgres", "redis", "s3", "mail", "adminer"]
    params: dict[str, str] = Field(default_factory=dict)


class Recipe(Table):
    """A sidecar: everything about it but what a project chooses."""

    name: str
    source: str
    summary: str
    image: str
    versions: list[str] = Field(min_length=1)
    data_version: bool = False
    initialised: str = ""
    options: dict[str, Option] = Field(default_factory=dict)
    secrets: dict[str, SecretModel] = Field(default_factory=dict)
    values: dict[str, str] = Field(default_factory=dict)
    ports: list[RecipePort] = Field(default_factory=list)
    service: RecipeService = Field(default_factory=RecipeService)
    files: list[RecipeFile] = Field(default_factory=list)
    ready: list[RecipeCheck] = Field(min_length=1)
    health: HealthModel | None = None
    exports: dict[str, str] = Field(default_factory=dict)
    connect: CommandModel | None = None
    provision: CommandModel | None = None
    dump: CommandModel | None = None
    native: NativeModel | None = None

    @property
    def settings(self) -> tuple[str, ...]:
        """The keys that a manifest may write for this recipe, beside those that every sidecar has."""
        return (*self.options, *self.secrets)


class Catalog:
    """All recipes that a project can use: the bundled ones, and the project's own over them."""

    def __init__(self, folders: Iterable[tuple[Path, str]]) -> None:
        """Look into each `(folder, label)`; a later folder wins by name. Files are read when they are asked for."""
        self._files: dict[str, tuple[Path, str]] = {}
        self._tables: dict[str, dict[str, Any]] = {}
        for folder, label in folders:
            self._files.update({file.stem: (file, label) for file in sorted(folder.glob("*.toml"))})

    @property
    def names(self) -> tuple[str, ...]:
        """Every recipe's name, sorted."""
        return tuple(sorted(self._files))

    @property
    def files(self) -> tuple[Path, ...]:
        """Every recipe's file."""
        return tuple(file for file, _ in self._files.values())

    def major(self, name: str, version: str) -> str | None:
        """The entry of `versions` that `version` belongs to: `17.5` and `17-alpine` are `17`; None for none."""
        matching = [v for v in self._read(name)["versions"] if re.fullmatch(rf"{re.escape(v)}([.-].+)?", version)]
        return max(matching, key=len, default=None)

    def recipe(self, name: str, *, version: str | None = None, beside: Iterable[str] = ()) -> Recipe:
        """The recipe, with the tables of this version and of the recipes `beside` it in the stack merged in.

        Raises `RecipeError` for a file that can't be used and KeyError for an unknown name.
        """
        data = self._read(name)
        file, label = self._files[name]
        by_version, by_peer = data.pop("version", {}), data.pop("with", {})
        data.pop("extends", None)
        major = self.major(name, version) if version else None
        overlays = [by_version[major]] if major in by_version else []
        overlays += [by_peer[peer] for peer in by_peer if peer in set(beside)]
        for overlay in overlays:
            data = merge(data, overlay)
        try:
            return Recipe.model_validate({**data, "name": name, "source": label})
        except ValidationError as error:
            raise _refusal(name, file, error) from error

    def _read(self, name: str, *extending: str) -> dict[str, Any]:
        file, _ = self._files[name]
        data = self._table(name, file)
        base = data.get("extends")
        if base is None:
            data.setdefault("versions", [])
            return data
        if base not in self._files or base in (name, *extending):
            what = "itself in the end" if base in self._files else f"`{base}`, which is not a recipe"
            raise RecipeError(f"recipe `{name}` extends {what}", where=str(file))
        return merge(self._read(base, name, *extending), data)

    def _table(self, name: str, file: Path) -> dict[str, Any]:
        """What the file says, read once; a table of its own for each caller to take apart."""
        if name not in self._tables:
            try:
                self._tables[name] = tomllib.loads(file.read_text(encoding="utf-8"))
            except (OSError, ValueError) as error:
                raise RecipeError(f"recipe `{name}` can't be read: {error}", where=str(file)) from error
        return dict(self._tables[name])


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """A table with another's keys over it; tables are merged, everything else is replaced."""
    result = dict(base)
    for key, value in over.items():
        below = result.get(key)
        result[key] = merge(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return result


def catalog(root: Path) -> Catalog:
    """The catalog of a project: the bundled recipes and the project's own over them."""
    return Catalog([(bundled_folder(), BUNDLED), (root / PROJECT_FOLDER, f"{PROJECT_FOLDER}/")])


_WORDS = {
    "missing": "missing key {key}",
    "extra_forbidden": "unknown key {key}",
    "too_short": "{key} must not be empty",
    "literal_error": "{key} must be {expected}",
    "string_type": "{key} must be a string",
    "list_type": "{key} must be a list",
    "bool_type": "{key} must be true or false",
    "int_type": "{key} must be a whole number",
    "int_parsing": "{key} must be a whole number",
    "dict_type": "{key} must be a table",
    "model_type": "{key} must be a table",
}


def _refusal(name: str, file: Path, error: ValidationError) -> RecipeError:
    """What pydantic found in a recipe, in the words of the file; it names the first place, and how many there are."""
    from devenv.positions import positions

    problems = error.errors(include_url=False)
    first = problems[0]
    key = ".".join(str(part) for part in first["loc"])
    words = _WORDS.get(first["type"], f"{{key}}: {first['msg'].lower()}")
    message = f"recipe `{name}`: " + words.format(key=f"`{key}`", expected=first.get("ctx", {}).get("expected", ""))
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    places = positions(file.read_text(encoding="utf-8"))
    place = places.key if first["type"] == "extra_forbidden" else places.value
    line, column = place(first["loc"])
    hint = "the tables and keys of a recipe: docs/recipes.md"
    return RecipeError(message + more, where=f"{file}:{line}:{column}", hint=hint)
