"""A manifest's text to its Stack in one call, without a disk; raises what the command line would show."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path

from devenv.errors import ManifestError, Problem
from devenv.manifest.validation import validate
from devenv.recipe import Catalog, catalog
from devenv.resolve import Context, resolve
from devenv.stack import Bindings, Stack, Vantage, environment

BUNDLED = catalog(Path("/nonexistent"))


def no_files(pattern: str) -> list[str]:
    return []


def attempt(
    text: str,
    *,
    name: str = "shop",
    recipes: Catalog = BUNDLED,
    glob: Callable[[str], list[str]] = no_files,
    dotenv: Mapping[str, Mapping[str, str]] | None = None,
) -> tuple[Stack, list[Problem]]:
    """The stack and all problems; `dotenv` holds the variables of each dotenv file."""

    def variables(file: str) -> Mapping[str, str]:
        if file not in (dotenv or {}):
            raise FileNotFoundError(2, "No such file or directory", file)
        return (dotenv or {})[file]

    manifest, problems, dropped = validate(tomllib.loads(text))
    stack, more = resolve(manifest, recipes, Context(name, glob, variables), dropped=dropped)
    return stack, [*problems, *more]


def stack_of(
    text: str,
    *,
    name: str = "shop",
    recipes: Catalog = BUNDLED,
    glob: Callable[[str], list[str]] = no_files,
    dotenv: Mapping[str, Mapping[str, str]] | None = None,
) -> Stack:
    """The stack of a manifest that must be right."""
    stack, problems = attempt(text, name=name, recipes=recipes, glob=glob, dotenv=dotenv)
    if problems:
        raise ManifestError(problems)
    return stack


def problems_of(text: str, *, dotenv: Mapping[str, Mapping[str, str]] | None = None) -> list[Problem]:
    """The problems of a manifest that must be wrong."""
    _, problems = attempt(text, dotenv=dotenv)
    assert problems, "the manifest is right"
    return problems


def bindings_of(stack: Stack) -> Bindings:
    """Every port 10000 above the one asked for, every secret called after its place."""
    ports = {(service.name, port.container): port.host + 10000 for service in stack for port in service.ports}
    private = {
        (service.name, secret.name): secret.value or f"{service.name}-{secret.name}"
        for service in stack
        for secret in service.secrets
    }
    return Bindings(ports, private)


def seen(stack: Stack, service: str, vantage: Vantage = Vantage.NETWORK) -> dict[str, str]:
    """An app's environment, bound."""
    return environment(stack, stack[service], vantage, bindings_of(stack))
