"""Every manifest and recipe that a document shows loads and resolves, and every key is listed as it is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic_core import PydanticUndefined

from devenv.manifest import model
from devenv.project import load, locate
from devenv.stack import Stack
from tests.command_line import ROOT
from tests.conftest import MakeProject
from tests.docs.markdown import Block, blocks

BLOCKS = blocks("toml")
MANIFESTS = [block for block in BLOCKS if block.words[:1] in ((), ("devenv.toml",))]
RECIPES = [block for block in BLOCKS if block.words[:1] not in ((), ("devenv.toml",))]
MANUAL = ROOT / "docs" / "manifest.md"

BESIDE = {
    ".env": "TOKEN=1\n",
    ".env.local": "TOKEN=2\n",
    "db/schema.sql": "SELECT 1;\n",
    "db/data.sql.gz": b"",
}
"""Files that the documents' manifests name."""


def place(block: Block) -> str:
    return block.place


def resolved(block: Block, project: MakeProject) -> Stack:
    recipes = {each.words[0]: each.text for each in RECIPES if each.document == block.document}
    root = project({"devenv.toml": block.text, **BESIDE, **recipes})
    return load(locate(root / "devenv.toml"))


@pytest.mark.parametrize("block", MANIFESTS, ids=place)
def test_a_manifest_resolves(block: Block, project: MakeProject) -> None:
    assert resolved(block, project).services


@pytest.mark.parametrize("block", RECIPES, ids=place)
def test_a_recipe_can_be_used(block: Block, project: MakeProject) -> None:
    path = Path(block.words[0])
    assert path.parent.name == "devenv.recipes", "a recipe's block says where the file is kept"
    name = path.stem
    root = project({"devenv.toml": f"[sidecars]\n{name} = {{}}\n", block.words[0]: block.text})
    stack = load(locate(root / "devenv.toml"))
    assert stack[name].recipe == name
    assert stack[name].ready


def listed() -> dict[str, dict[str, str]]:
    """The tables of keys in the manual: for each model its keys, each with the default as it is written."""
    found: dict[str, dict[str, str]] = {}
    for name, table in re.findall(r"<!-- keys: (\w+) -->\n((?:\|.*\n)+)", MANUAL.read_text(encoding="utf-8")):
        rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()[2:]]
        found[name] = {row[0].strip("`"): row[2] for row in rows}
    return found


@pytest.mark.parametrize("name", ["App", "Sidecar", "BuildModel", "PortModel", "Ready", "CIModel", "EditorModel"])
def test_every_key_is_listed_and_no_other(name: str) -> None:
    assert listed()[name].keys() == getattr(model, name).model_fields.keys()


def test_a_default_that_is_a_value_is_the_models() -> None:
    written = {(name, key): text for name, keys in listed().items() for key, text in keys.items()}
    values = {place: text.strip('`"') for place, text in written.items() if re.fullmatch('`".*"`', text)}
    real = {(name, key): getattr(model, name).model_fields[key].default for name, key in values}
    # None stands for a default that is found later: the manual has its value, the model can't.
    assert {place: real[place] for place in values if real[place] is not None} == {
        place: text for place, text in values.items() if real[place] is not None
    }


def test_what_is_needed_is_called_so() -> None:
    written = {(name, key) for name, keys in listed().items() for key, text in keys.items() if text == "needed"}
    real = {
        (name, key)
        for name in listed()
        for key, field in getattr(model, name).model_fields.items()
        if field.default is PydanticUndefined and field.default_factory is None
    }
    assert written == real
