"""Every recipe file, in every version that it knows, alone and beside all the others."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from devenv.artifacts.compose import Target, document
from devenv.errors import RecipeError
from devenv.recipe import Catalog, Recipe
from devenv.stack import Stack, references
from devenv.template import NAMED
from tests.command_line import ROOT, Cli
from tests.conftest import MakeProject
from tests.unit.stacks import BUNDLED, bindings_of, stack_of

FOLDER = ROOT / "recipes"
VERSIONS = [(name, version) for name in BUNDLED.names for version in BUNDLED.recipe(name).versions]


def strings(value: Any) -> Iterator[str]:
    """Every string in nested tables and lists."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from strings(item)


def alone(name: str, version: str) -> Stack:
    return stack_of(f'[sidecars.part]\nrecipe = "{name}"\nversion = "{version}"\n')


def beside_all(name: str, version: str) -> Stack:
    others = "".join(f"[sidecars.{other}]\n" for other in BUNDLED.names if other != name)
    return stack_of(f'{others}[sidecars.part]\nrecipe = "{name}"\nversion = "{version}"\n')


def test_the_catalog_is_the_folder() -> None:
    assert set(BUNDLED.names) == {file.stem for file in FOLDER.glob("*.toml")}


@pytest.mark.parametrize("beside", [alone, beside_all])
@pytest.mark.parametrize(("name", "version"), VERSIONS)
def test_it_resolves_and_renders_in_every_version(name: str, version: str, beside: Any) -> None:
    stack = beside(name, version)  # an unbound placeholder is a RecipeError
    for target in (Target("p"), Target("p", root="..", path="/p", bindings=bindings_of(stack))):
        assert document(stack, target)["services"]["part"]["image"]


@pytest.mark.parametrize(("name", "version"), VERSIONS)
def test_its_image_is_pinned(name: str, version: str) -> None:
    image = alone(name, version)["part"].image or ""
    _, colon, tag = image.partition(":")
    assert colon
    assert version in tag
    assert "latest" not in tag


@pytest.mark.parametrize(("name", "version"), VERSIONS)
def test_it_is_asked_from_outside_where_it_publishes_and_from_inside_too(name: str, version: str) -> None:
    service = alone(name, version)["part"]
    assert service.ready
    assert {check.port for check in service.ready} <= {port.container for port in service.ports}
    assert service.health


@pytest.mark.parametrize("name", BUNDLED.names)
def test_what_it_exports_leads_to_it(name: str) -> None:
    service = alone(name, BUNDLED.recipe(name).versions[0])["part"]
    named = {ref.kind for _, text in service.exports for ref in references(text)}
    assert not service.exports or {"host", "port"} <= named


@pytest.mark.parametrize("name", BUNDLED.names)
def test_every_option_and_secret_is_used(name: str) -> None:
    recipe = BUNDLED.recipe(name, beside=BUNDLED.names)
    used = {match[2].partition(".")[0] for text in strings(recipe.model_dump()) for match in NAMED.finditer(text)}
    used |= {option for file in recipe.files for piece in file.parts for option in piece.each.values()}
    used |= {key for key, option in recipe.options.items() if option.type == "files" and option.mount}
    assert set(recipe.settings) - used == set()


@pytest.mark.parametrize("name", BUNDLED.names)
def test_every_option_has_a_default_that_it_allows(name: str) -> None:
    for option in BUNDLED.recipe(name).options.values():
        assert isinstance(option.default, list) == (option.type in ("list", "files"))
        defaults = option.default if isinstance(option.default, list) else [option.default]
        for value in defaults:
            shown = value.replace("{project}", "shop")
            assert re.fullmatch(option.pattern or ".*", shown)
            assert not option.choices or shown in option.choices
        assert option.help


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.toml")), ids=lambda file: file.stem)
def test_its_tables_for_versions_and_neighbours_are_of_ones_that_exist(file: Path) -> None:
    data = tomllib.loads(file.read_text())
    assert set(data.get("version", {})) <= set(BUNDLED.recipe(file.stem).versions)
    assert set(data.get("with", {})) <= set(BUNDLED.names)


@pytest.mark.parametrize("name", [name for name in BUNDLED.names if BUNDLED.recipe(name).data_version])
def test_a_recipe_whose_data_has_a_version_keeps_it_with_the_volume(name: str) -> None:
    for version in BUNDLED.recipe(name).versions:
        stack = alone(name, f"{version}.3-alpine")
        assert stack["part"].data_version == version
        labels = document(stack, Target("p", path="/p", bindings=bindings_of(stack)))["volumes"]["part.data"]["labels"]
        assert labels["devenv.data-version"] == version


def own(tmp_path: Path, text: str, name: str = "nats") -> Catalog:
    (tmp_path / f"{name}.toml").write_text(text)
    return Catalog([(FOLDER, "devenv's own"), (tmp_path, "devenv.recipes/")])


MINIMAL = """
summary = "NATS"
image = "nats:{version}"
versions = ["2"]
[[ready]]
probe = "tcp"
port = 4222
"""


@pytest.mark.parametrize(
    ("more", "words", "place"),
    [
        ("[service]\nimage = 1", "unknown key `service.image`", "2:1"),
        ("[service]\ncomand = []", "unknown key `service.comand`", "2:1"),
        (
            "[options.x]\ntype = 'number'\ndefault = ''\nhelp = ''",
            "`options.x.type` must be 'string', 'list', 'files' or 'choice'",
            "2:8",
        ),
        ("[[ports]]\nname = 'a'\nport = 1", "missing key `ports.0.url`", "1:3"),
        ("[health]\ncommand = 'nats'", "`health.command` must be a list", "2:11"),
        ("[hooks]\nafter = 'sh'", "unknown key `hooks`", "1:2"),
        ("[[ready]]\nprobe = 'ping'\nport = 1", "`ready.1.probe` must be 'http', ", "2:9"),
    ],
)
def test_a_key_that_nobody_reads_or_a_value_of_another_kind_is_refused(
    more: str, words: str, place: str, tmp_path: Path
) -> None:
    """The place is that in the file; here it is counted from the end of the smallest recipe."""
    with pytest.raises(RecipeError, match=re.escape(f"recipe `nats`: {words}")) as caught:
        own(tmp_path, MINIMAL + more).recipe("nats")
    line, column = place.split(":")
    assert caught.value.where == f"{tmp_path / 'nats.toml'}:{MINIMAL.count(chr(10)) + int(line)}:{column}"


@pytest.mark.parametrize("text", ["image = ", "\xff", "extends = 'nowhere'", "extends = 'nats'"])
def test_a_recipe_that_is_no_recipe_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="recipe `nats`"):
        own(tmp_path, text).recipe("nats")


def test_two_recipes_that_extend_each_other_are_refused(tmp_path: Path) -> None:
    own(tmp_path, "extends = 'second'", name="first")
    with pytest.raises(RecipeError, match="recipe `first` extends itself in the end"):
        own(tmp_path, "extends = 'first'", name="second").recipe("second")


def test_a_placeholder_that_nothing_defines_is_refused(tmp_path: Path) -> None:
    recipes = own(tmp_path, f"{MINIMAL}[exports]\nNATS_URL = 'nats://{{hots}}'")
    with pytest.raises(RecipeError, match=r"recipe `nats` uses `\{hots\}`, which nothing defines"):
        stack_of("[sidecars]\nnats = {}", recipes=recipes)


def test_a_recipe_that_extends_another_has_all_of_it_but_what_it_says_itself(tmp_path: Path) -> None:
    recipes = own(tmp_path, "extends = 'redis'\nimage = 'mine/redis:{version}'", name="mine")
    base, mine = BUNDLED.recipe("redis"), recipes.recipe("mine")
    changed = {key for key in Recipe.model_fields if getattr(base, key) != getattr(mine, key)}
    assert changed == {"name", "source", "image"}


def test_a_project_brings_its_own_recipe(cli: Cli, project: MakeProject) -> None:
    folder = project({"devenv.toml": "[sidecars]\nnats = '2'\n", "devenv.recipes/nats.toml": MINIMAL})
    assert cli("validate", cwd=folder).code == 0
    shown = {recipe["name"]: recipe for recipe in cli("recipes", "--json", cwd=folder).json()["recipes"]}
    assert shown["nats"]["source"] == "devenv.recipes/"
    assert shown["redis"]["source"] == "devenv's own"
    assert set(shown) == {*BUNDLED.names, "nats"}


def test_a_projects_own_recipe_wins_over_the_bundled_one_of_its_name(cli: Cli, project: MakeProject) -> None:
    folder = project({"devenv.toml": "[sidecars]\nredis = {}\n", "devenv.recipes/redis.toml": MINIMAL})
    assert cli("config", "--json", cwd=folder).json()["services"]["redis"]["image"] == "nats:2"
    assert "redis     NATS (2)" in cli("recipes", cwd=folder).out
