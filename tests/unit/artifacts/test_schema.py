"""The manifest's JSON Schema: what is checked in is what the models say, and it tells right from wrong."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from devenv.artifacts.schema import manifest_schema
from devenv.manifest.model import Manifest
from devenv.manifest.validation import validate
from tests.command_line import ROOT
from tests.unit.stacks import BUNDLED

CHECKED_IN = ROOT / "docs" / "devenv.schema.json"
MANIFESTS = [
    ROOT / "devenv.toml.example",
    *sorted(path for folder in ("examples", "tests/golden") for path in (ROOT / folder).rglob("devenv.toml")),
]

RIGHT = [
    '[app]\nbuild = "."',
    'name = "x"\n[apps.web]\nimage = "x"\ncommand = "a b"\nports = [1, "2", "3:4", { port = 5, host = 6, name = "n" }]',
    'app = { build = ".", setup = "x", env_file = ".env", env = { A = 1, B = true, C = 1.5, D = "x" } }',
    'app = { build = ".", setup = [["a"], "b"], needs = [], volumes = { data = "/data" } }',
    '[sidecars]\npostgres = "17"\nredis = {}\nother = { image = "x" }',
    '[sidecars.postgres]\ndatabases = "one"\nextensions = ["pg_trgm"]\npassword = "x"',
    '[sidecars.db]\nrecipe = "postgres"\ndatabases = ["x"]',
    '[sidecars.search]\nimage = "x"\nexports = { A = "{host}" }\nready = { command = ["true"] }',
]

WRONG = [
    'nmae = "x"',
    'name = ""',
    "name = 1",
    "app = 1",
    '[app]\nbuild = "."\nprots = [1]',
    "[app]\nbuild = 1",
    '[app]\nbuild = { contxt = "." }',
    '[app]\nbuild = "."\nports = 8000',
    '[app]\nbuild = "."\nports = [0]',
    '[app]\nbuild = "."\nports = [65536]',
    '[app]\nbuild = "."\nports = ["a:b"]',
    '[app]\nbuild = "."\nports = [{ host = 1 }]',
    '[app]\nbuild = "."\nready = "/healthz"',
    '[app]\nbuild = "."\nready = { htpp = "/" }',
    '[app]\nbuild = "."\nready = { tcp = "1" }',
    '[app]\nbuild = "."\nenv = ["A=1"]',
    '[app]\nbuild = "."\nenv = { A = ["x"] }',
    '[app]\nbuild = "."\nneeds = "redis"',
    '[app]\nbuild = "."\ncommand = 1',
    '[app]\nbuild = "."\nvolumes = ["/data"]',
    '[apps]\nweb = "."',
    "[sidecars]\nredis = 8",
    "[sidecars]\nother = true",
    '[sidecars.redis]\ndatabases = ["x"]',
    '[sidecars.redis]\npersistence = "logs"',
    '[sidecars.redis]\nmemory = "much"',
    '[sidecars.postgres]\ndatabases = ["a b"]',
    '[sidecars.other]\nimage = "x"\noptoin = 1',
]


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    schema = json.loads(CHECKED_IN.read_text())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def test_the_file_is_what_the_models_say() -> None:
    printed = json.dumps(manifest_schema(), indent=2, ensure_ascii=False) + "\n"
    assert CHECKED_IN.read_text() == printed, "make it anew: python -m devenv schema > docs/devenv.schema.json"


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_manifest_of_the_repository_is_valid(path: Path, validator: Draft202012Validator) -> None:
    assert [error.message for error in validator.iter_errors(tomllib.loads(path.read_text()))] == []


@pytest.mark.parametrize("text", RIGHT)
def test_what_is_right_is_valid(text: str, validator: Draft202012Validator) -> None:
    data = tomllib.loads(text)
    assert validate(data)[1] == []
    assert [error.message for error in validator.iter_errors(data)] == []


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_is_not(text: str, validator: Draft202012Validator) -> None:
    assert list(validator.iter_errors(tomllib.loads(text)))


def test_every_key_says_what_it_means() -> None:
    schema = manifest_schema()
    tables = [schema, *(schema["$defs"][name] for name in ("App", "Ready", "Sidecar"))]
    silent = [name for table in tables for name, key in table["properties"].items() if "description" not in key]
    assert silent == []
    assert schema["properties"].keys() == Manifest.model_fields.keys()


@pytest.mark.parametrize("name", BUNDLED.names)
def test_an_editor_completes_a_recipes_options(name: str) -> None:
    recipe = BUNDLED.recipe(name)
    version, table = manifest_schema()["properties"]["sidecars"]["properties"][name]["anyOf"]
    assert version["examples"] == recipe.versions
    assert set(recipe.settings) <= table["properties"].keys()
