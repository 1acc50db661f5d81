"""The contract of `--json`: what a command really prints, and what docs/json.md shows of it, fits one schema."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.command_line import ROOT, Cli, Result
from tests.conftest import MakeProject
from tests.docs.markdown import Block, blocks, section

DOCUMENT = ROOT / "docs" / "json.md"
SCHEMAS = Path(__file__).parent / "schemas"
EXAMPLES = [block for block in blocks("json", documents=(DOCUMENT,)) if block.words]

SECTIONS = {
    "Errors": "error",
    "status, up, restart": "status",
    "watch": "watch",
    "sync": "sync",
    "down": "down",
    "destroy": "destroy",
    "logs": "logs",
    "parity": "parity",
    "config": "config",
    "validate": "validate",
    "doctor": "doctor",
    "why": "why",
    "generate": "generate",
    "recipes": "recipes",
}
"""The sections with a table of fields, and the schema of the same fields."""

MANIFEST = """
[app]
image = "redis:8"
command = ["sh", "-c", "trap exit TERM; echo hello; while :; do sleep 0.1; done"]
needs = ["redis", "cache"]
setup = [["true"], "echo done"]
env = { GREETING = "hello", EMPTY = "" }

[sidecars]
redis = {}
cache = { recipe = "redis", profile = "more" }
"""


def schema(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SCHEMAS / f"{name}.json").read_text())
    return found


def check(value: Any, name: str) -> None:
    """Raises where the value is not as the schema says."""
    Draft202012Validator(schema(name)).validate(value)


def fields(part: Any) -> set[str]:
    """Every field that a schema names."""
    below = part if isinstance(part, list) else list(part.values()) if isinstance(part, dict) else []
    own = set(part.get("properties", ())) if isinstance(part, dict) else set()
    return own.union(*map(fields, below))


@pytest.mark.parametrize("path", sorted(SCHEMAS.glob("*.json")), ids=lambda path: path.stem)
def test_a_schema_is_one(path: Path) -> None:
    Draft202012Validator.check_schema(json.loads(path.read_text()))


@pytest.mark.parametrize("block", EXAMPLES, ids=lambda block: block.place)
def test_an_example_is_as_its_schema_says(block: Block) -> None:
    check(json.loads(block.text), block.words[0])


def test_every_schema_has_an_example() -> None:
    assert {block.words[0] for block in EXAMPLES} | {"recipes"} == {path.stem for path in SCHEMAS.glob("*.json")}


@pytest.mark.parametrize(("title", "name"), SECTIONS.items(), ids=SECTIONS.values())
def test_a_section_tells_the_fields_of_its_schema(title: str, name: str) -> None:
    text = section(DOCUMENT, title)
    listed = set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE))
    mentioned = set(re.findall(r"`(\w+)`", text))
    assert listed <= fields(schema(name)) <= mentioned


# Real output, of commands that need no engine.


@pytest.fixture
def root(project: MakeProject) -> Path:
    return project({"devenv.toml": MANIFEST})


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (["validate"], "validate"),
        (["env"], "env"),
        (["env", "app", "--for", "network"], "env"),
        (["config"], "config"),
        (["recipes"], "recipes"),
        (["recipes", "postgres"], "recipe"),
        (["generate", "compose"], "generate"),
        (["generate", "--check"], "generate"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, list) else value,
)
def test_output_is_as_its_schema_says(cli: Cli, root: Path, words: list[str], name: str) -> None:
    check(answer(cli(*words, "--json", cwd=root)), name)


@pytest.mark.parametrize(
    ("words", "code"),
    [(["status"], 3), (["up", "nothing"], 2), (["recipes", "nothing"], 2), (["generate", "compose", "--check"], 4)],
    ids=lambda value: "-".join(value) if isinstance(value, list) else str(value),
)
def test_a_failure_is_as_its_schema_says(cli: Cli, root: Path, words: list[str], code: int) -> None:
    result = cli(*words, "--json", cwd=root)
    assert result.code == code
    check(result.json(), "error")
    assert result.json()["error"]["exit_code"] == code


def test_all_problems_of_a_manifest_are_listed(cli: Cli, project: MakeProject) -> None:
    root = project({"devenv.toml": "[app]\nbild = 1\nports = [0]\n"})
    result = cli("validate", "--json", cwd=root)
    check(result.json(), "error")
    assert {problem["line"] for problem in result.json()["error"]["problems"]} == {2, 3}


def answer(result: Result) -> Any:
    assert result.code == 0, result.err + result.out
    return result.json()


# The same for commands that need one, on one small stack.


@pytest.mark.engine
def test_output_about_a_running_stack_is_as_its_schemas_say(cli: Cli, root: Path) -> None:
    def ask(*words: str) -> Any:
        return answer(cli(*words, "--json", cwd=root))

    try:
        check(ask("up"), "status")
        states = ask("status")
        check(states, "status")
        assert {each["state"] for each in states["services"]} == {"ready"}
        lines = cli("logs", "--json", cwd=root).out.splitlines()
        for line in lines:
            check(json.loads(line), "logs")
        assert {"service": "app", "text": "hello"} in map(json.loads, lines)
        check(ask("parity"), "parity")
        check(ask("restart", "redis"), "status")
        check(ask("down"), "down")
        check(ask("status"), "status")
    finally:
        removed = ask("destroy", "--yes")
    check(removed, "destroy")
    assert len(removed["volumes"]) == 2


@pytest.mark.engine
def test_a_service_that_is_not_ready_is_as_its_schema_says(cli: Cli, project: MakeProject) -> None:
    manifest = '[app]\nimage = "redis:8"\ncommand = ["sh", "-c", "echo no; exit 3"]\n'
    root = project({"devenv.toml": manifest})
    result = cli("up", "--json", cwd=root)
    cli("destroy", "--yes", cwd=root)
    assert result.code == 1
    check(result.json(), "error")
    assert result.json()["error"]["service"] == "app"
    assert result.json()["error"]["logs"] == ["no"]
