"""Which recipe each sidecar uses, in which version, with which options; checks them, binds no value yet."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from devenv.errors import Problem
from devenv.manifest.model import Manifest, Sidecar
from devenv.recipe import Catalog, Option, Recipe
from devenv.resolve.context import Context, Path
from devenv.suggest import did_you_mean


@dataclass(frozen=True)
class Pick:
    """A sidecar as written, with its recipe (None: any image), its version and its options complete."""

    sidecar: Sidecar
    recipe: Recipe | None = None
    version: str = ""
    major: str = ""
    ports: tuple[tuple[str, int], ...] = ()
    options: dict[str, str | list[str]] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)


def pick(manifest: Manifest, catalog: Catalog, context: Context, problems: list[Problem]) -> dict[str, Pick]:
    """A pick for every sidecar that has one; the others are problems."""
    recipes = {name: part.recipe or name for name, part in manifest.sidecars.items()}
    peers = {name: {r for other, r in recipes.items() if other != name} for name in recipes}
    result = {}
    for name, sidecar in manifest.sidecars.items():
        if recipes[name] in catalog.names:  # also with an image of one's own, which then takes the recipe's place
            found = _with_recipe(name, sidecar, catalog, context, sorted(peers[name]), problems)
        else:
            found = _without_recipe(name, sidecar, catalog, problems)
        if found:
            result[name] = found
    return result


def _without_recipe(name: str, sidecar: Sidecar, catalog: Catalog, problems: list[Problem]) -> Pick | None:
    wanted = sidecar.recipe or name
    key: Path = ("sidecars", name, "recipe") if sidecar.recipe else ("sidecars", name)
    if sidecar.recipe or not sidecar.image:
        known = ", ".join(catalog.names)
        near = did_you_mean(wanted, catalog.names) or f"give it an `image`, or one of: {known}"
        problems.append(Problem(f"unknown recipe `{wanted}`", key, near))
        return None
    for option in sidecar.options:
        hint = did_you_mean(option, Sidecar.model_fields)
        problems.append(Problem(f"unknown key `{option}`", ("sidecars", name, option), hint))
    if sidecar.version:
        way = "write it behind the image: IMAGE:VERSION"
        problems.append(Problem("`version` needs a recipe", ("sidecars", name, "version"), way))
    if sidecar.args:
        problems.append(Problem("`args` needs a recipe", ("sidecars", name, "args"), "write the whole `command`"))
    ports = tuple((port.name or str(port.port), port.port) for port in sidecar.ports)
    return Pick(sidecar, ports=ports)


def _with_recipe(
    name: str, sidecar: Sidecar, catalog: Catalog, context: Context, peers: list[str], problems: list[Problem]
) -> Pick | None:
    recipe_name = sidecar.recipe or name
    recipe = catalog.recipe(recipe_name, beside=peers)
    version = sidecar.version or recipe.versions[0]
    major = catalog.major(recipe_name, version)
    if major is None:
        # The short form `postgres = "99"` has its version where the table would be; the nearest known place is shown.
        tags = f"known versions: {', '.join(recipe.versions)}"
        problems.append(Problem(f"`{recipe_name}` has no version `{version}`", ("sidecars", name, "version"), tags))
        return None
    recipe = catalog.recipe(recipe_name, version=version, beside=peers)
    for key in sidecar.options:
        if key not in recipe.settings:
            hint = did_you_mean(key, [*recipe.settings, *Sidecar.model_fields])
            hint = hint or f"options of `{recipe_name}`: {', '.join(recipe.settings) or 'none'}"
            problems.append(Problem(f"`{recipe_name}` has no option `{key}`", ("sidecars", name, key), hint))
    options = {
        key: _option(("sidecars", name, key), option, sidecar.options.get(key), context, problems)
        for key, option in recipe.options.items()
    }
    secrets = _secrets(name, sidecar, recipe, problems)
    ports = tuple((port.name, port.port) for port in recipe.ports)
    return Pick(sidecar, recipe, version, major, ports, options, secrets)


def _secrets(name: str, sidecar: Sidecar, recipe: Recipe, problems: list[Problem]) -> dict[str, str]:
    result = {}
    for key in recipe.secrets:
        value = sidecar.options.get(key)
        if value is None:
            continue
        if isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9._~-]+", value):
            result[key] = value
        else:  # it stands in URLs, configuration files and dotenv files: what needs no quoting anywhere is enough
            hint = "leave it out for a random one per project"
            message = f"`{key}` may hold letters, digits and . _ ~ - only"
            problems.append(Problem(message, ("sidecars", name, key), hint))
    return result


def _option(path: Path, option: Option, given: Any, context: Context, problems: list[Problem]) -> str | list[str]:
    """The option's value, checked; its default where none is given or the given one is wrong."""
    if option.type in ("list", "files"):
        return _list_option(path, option, given, context, problems)
    default = str(option.default).replace("{project}", context.name)
    if given is None:
        return default
    if not isinstance(given, str):
        problems.append(Problem(f"expected a string, got {_kind(given)}", path))
        return default
    if option.type == "choice" and given not in option.choices:
        hint = did_you_mean(given, option.choices) or f"one of: {', '.join(option.choices)}"
        problems.append(Problem(f"`{path[-1]}` can't be `{given}`", path, hint))
        return default
    if option.pattern and not re.fullmatch(option.pattern, given):
        problems.append(Problem(f"`{path[-1]}` can't be `{given}`", path, option.help))
        return default
    return given


def _list_option(path: Path, option: Option, given: Any, context: Context, problems: list[Problem]) -> list[str]:
    default = [item.replace("{project}", context.name) for item in option.default]
    values = default if given is None else [given] if isinstance(given, str) else given
    if not isinstance(values, list):
        problems.append(Problem(f"expected a list of strings, got {_kind(given)}", path))
        return default
    if not values and default:
        problems.append(Problem(f"`{path[-1]}` needs at least one item", path, option.help))
        return default
    result = []
    for index, item in enumerate(values):
        place = path if isinstance(given, str) else (*path, index)
        if not isinstance(item, str):
            problems.append(Problem(f"expected a string, got {_kind(item)}", place))
        elif option.pattern and not re.fullmatch(option.pattern, item):
            problems.append(Problem(f"`{path[-1]}` can't hold `{item}`", place, option.help))
        elif option.type == "files":
            found = context.glob(item)
            if not found:
                problems.append(Problem(f"`{item}` matches no file", place, "paths are relative to the manifest"))
            result += found
        else:
            result.append(item)
    return list(dict.fromkeys(result)) or default


_KINDS = {bool: "a boolean", int: "an integer", float: "a number", str: "a string", list: "a list", dict: "a table"}


def _kind(value: Any) -> str:
    return _KINDS.get(type(value), f"a {type(value).__name__}")
