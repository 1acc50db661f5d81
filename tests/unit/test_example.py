"""devenv.toml.example shows every feature: each field of the models and each option of each recipe."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from devenv.artifacts.compose import Target, document
from devenv.manifest.model import App, BuildModel, Manifest, PortModel, Ready, Sidecar
from devenv.project import load, locate
from devenv.stack import Stack
from tests.command_line import ROOT
from tests.conftest import MakeProject
from tests.unit.stacks import BUNDLED

EXAMPLE = ROOT / "devenv.toml.example"
Table = dict[str, Any]


@pytest.fixture(scope="module")
def data() -> Table:
    return tomllib.loads(EXAMPLE.read_text())


@pytest.fixture
def stack(project: MakeProject) -> Stack:
    files = {"devenv.toml": EXAMPLE.read_text(), "db/schema.sql": "", ".env": "A=1\n", ".env.local": ""}
    return load(locate(project(files, name="anything") / "devenv.toml"))


def apps(data: Table) -> list[Table]:
    return [data["app"], *data["apps"].values()]


def tables(data: Table, model: type[BaseModel]) -> Iterator[Table]:
    """Every table of the example that is one of `model`."""
    services = [*apps(data), *(each for each in data["sidecars"].values() if isinstance(each, dict))]
    match model.__name__:
        case "Manifest":
            yield data
        case "App":
            yield from apps(data)
        case "Sidecar":
            yield from (each for each in data["sidecars"].values() if isinstance(each, dict))
        case "Ready":
            yield from (each["ready"] for each in services if "ready" in each)
        case "BuildModel":
            yield from (each["build"] for each in apps(data) if isinstance(each.get("build"), dict))
        case "PortModel":
            yield from (port for each in services for port in each.get("ports", []) if isinstance(port, dict))


@pytest.mark.parametrize("model", [Manifest, App, Sidecar, Ready, BuildModel, PortModel])
def test_every_field_is_shown(model: type[BaseModel], data: Table) -> None:
    shown = {key for table in tables(data, model) for key in table}
    assert model.model_fields.keys() - shown == set()


def test_every_option_of_every_recipe_is_shown(data: Table) -> None:
    """An option that a recipe has from the one it extends counts as shown with that one."""
    shown = set()
    for name, table in data["sidecars"].items():
        options = table if isinstance(table, dict) else {}
        if options.get("recipe", name) in BUNDLED.names:
            recipe = BUNDLED.recipe(options.get("recipe", name))
            shown |= {(key, recipe.options[key].help) for key in options if key in recipe.options}
            shown |= {(key, recipe.secrets[key].help) for key in options if key in recipe.secrets}
    every = [BUNDLED.recipe(name) for name in BUNDLED.names]
    known = {(key, option.help) for recipe in every for key, option in recipe.options.items()}
    known |= {(key, secret.help) for recipe in every for key, secret in recipe.secrets.items()}
    assert known - shown == set()


def test_every_recipe_is_shown(data: Table) -> None:
    shown = {each.get("recipe", name) if isinstance(each, dict) else name for name, each in data["sidecars"].items()}
    assert set(BUNDLED.names) - shown == set()


def test_every_short_form_is_shown_and_every_long_one(data: Table) -> None:
    forms = {
        "build": {type(each["build"]) for each in apps(data) if "build" in each},
        "command": {type(each["command"]) for each in apps(data) if "command" in each},
        "env_file": {type(each["env_file"]) for each in apps(data) if "env_file" in each},
        "ports": {type(port) for each in apps(data) for port in each.get("ports", [])},
        "env": {type(value) for each in apps(data) for value in each.get("env", {}).values()},
        "sidecar": {type(each) for each in data["sidecars"].values()},
        "ready": {kind for each in tables(data, Ready) for kind in Ready.KINDS if kind in each},
    }
    assert forms == {
        "build": {str, dict},
        "command": {str, list},
        "env_file": {str, list},
        "ports": {int, str, dict},
        "env": {str, int, bool},
        "sidecar": {str, dict},
        "ready": set(Ready.KINDS),
    }


def test_it_resolves_and_renders(stack: Stack) -> None:
    assert set(stack.names) >= {"app", "worker", "docs", "postgres", "redis", "search", "queue"}
    assert document(stack, Target("p"))["services"].keys() >= set(stack.names)


def test_what_its_comments_say_about_placeholders_is_so(stack: Stack) -> None:
    env = dict(stack["app"].env)
    assert env["GREETING"] == ("a {postgres.url} in double braces stays text, and so does ${HOME}",)
    assert "SESSIONS_REDIS_URL" in dict(stack["worker"].env)


def test_an_editor_finds_the_schema() -> None:
    directive, _, path = EXAMPLE.read_text().splitlines()[0].partition(" ")
    assert directive == "#:schema"
    assert Path(ROOT / path).is_file()
