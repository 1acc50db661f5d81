"""`validate`, to the letter: what is right in one line, what is wrong all at once, nothing on stdout, exit code 2."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.command_line import Cli
from tests.conftest import MakeProject
from tests.unit.cli.conftest import Run

GOOD = '[apps.web]\nbuild = "."\n[apps.worker]\nbuild = "."\n[sidecars]\nredis = {}\n'

BAD = """\
[app]
build = "."
prots = [8000]
ports = ["x"]

[sidecars]
redsi = {}
postgres = "3"
"""

ALL_AT_ONCE = """\
error: 4 problems in the manifest

devenv.toml:3:1: unknown key `prots`
  3 | prots = [8000]
    | ^
  hint: did you mean `ports`?

devenv.toml:4:10: a port is a number or "HOST:CONTAINER"
  4 | ports = ["x"]
    |          ^

devenv.toml:7:1: unknown recipe `redsi`
  7 | redsi = {}
    | ^
  hint: did you mean `redis`?

devenv.toml:8:12: `postgres` has no version `3`
  8 | postgres = "3"
    |            ^
  hint: known versions: 17, 18, 16, 15, 14
"""

ONE = """\
error: expected a list, got an integer
  devenv.toml:3:9
  3 | ports = 8000
    |         ^

hint: write: ports = [8000]
"""


def test_what_is_right_is_said_in_one_line(run: Run, project: MakeProject) -> None:
    result = run("validate", cwd=project({"devenv.toml": GOOD}))
    assert (result.code, result.out, result.err) == (0, "devenv.toml is valid: 2 apps, 1 sidecar\n", "")


def test_all_problems_are_shown_at_once_each_with_its_place(cli: Cli, project: MakeProject) -> None:
    result = cli("validate", cwd=project({"devenv.toml": BAD}))
    assert (result.code, result.out) == (2, "")
    assert result.err == ALL_AT_ONCE


def test_one_problem_is_the_message_itself(run: Run, project: MakeProject) -> None:
    result = run("validate", cwd=project({"devenv.toml": '[app]\nbuild = "."\nports = 8000\n'}))
    assert (result.code, result.out, result.err) == (2, "", ONE)


def test_a_file_that_is_no_toml(run: Run, project: MakeProject) -> None:
    result = run("validate", cwd=project({"devenv.toml": "\na = b c\n"}))
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("error: expected a value\n  devenv.toml:2:5\n  2 | a = b c\n")


@pytest.mark.parametrize("words", [("validate",), ("up", "-d"), ("config",), ("env",), ("generate", "compose")])
def test_every_command_refuses_a_wrong_manifest_alike(words: tuple[str, ...], run: Run, project: MakeProject) -> None:
    result = run(*words, cwd=project({"devenv.toml": BAD}))
    assert (result.code, result.out, result.err) == (2, "", ALL_AT_ONCE)


def test_the_same_for_a_program(run: Run, project: MakeProject) -> None:
    result = run("validate", "--json", cwd=project({"devenv.toml": BAD}))
    assert (result.code, result.err) == (2, "")
    error = result.json()["error"]
    assert error["message"] == "4 problems in the manifest"
    assert error["exit_code"] == 2
    assert [(problem["line"], problem["column"]) for problem in error["problems"]] == [(3, 1), (4, 10), (7, 1), (8, 12)]
    assert error["problems"][0] == {
        "message": "unknown key `prots`",
        "file": "devenv.toml",
        "line": 3,
        "column": 1,
        "hint": "did you mean `ports`?",
    }


def test_what_is_right_for_a_program(run: Run, project: MakeProject) -> None:
    answer = run("validate", "--json", cwd=project({"devenv.toml": GOOD})).json()
    assert answer.pop("project").startswith("shop-")
    assert answer == {"valid": True, "services": ["redis", "web", "worker"]}


def test_the_nearest_manifest_above_is_found(run: Run, project: MakeProject) -> None:
    folder = project({"devenv.toml": GOOD, "deep/er/x": ""})
    assert run("validate", cwd=folder / "deep" / "er").code == 0


def test_another_folder_and_another_file_can_be_named(run: Run, project: MakeProject, tmp_path: Path) -> None:
    folder = project({"devenv.toml": GOOD, "ci.toml": "[sidecars]\nredis = {}\n"})
    assert run("-C", folder, "validate", cwd=tmp_path).out == "devenv.toml is valid: 2 apps, 1 sidecar\n"
    assert run("-C", folder, "-f", "ci.toml", "validate", cwd=tmp_path).out == "ci.toml is valid: 0 apps, 1 sidecar\n"


def test_a_place_is_shown_as_seen_from_here(run: Run, project: MakeProject, tmp_path: Path) -> None:
    project({"devenv.toml": "app = 1\n"})
    assert "\n  shop/devenv.toml:1:7\n" in run("-C", "shop", "validate", cwd=tmp_path).err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("validate",), "no devenv.toml in `"),
        (("-C", "nowhere", "validate"), "`nowhere` is not a folder"),
        (("-f", "nothing.toml", "validate"), "there is no file `nothing.toml`"),
        (("-f", ".", "validate"), "`.` is a folder, not a manifest"),
    ],
)
def test_no_manifest_is_said_with_where_it_was_looked_for(
    words: tuple[str, ...], message: str, run: Run, tmp_path: Path
) -> None:
    result = run(*words, cwd=tmp_path)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(f"error: {message}")


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"\x00", b"a = '" + b"x" * (1 << 20) + b"'", b"[" * 5000])
def test_what_is_no_manifest_at_all_is_no_traceback(content: bytes, cli: Cli, project: MakeProject) -> None:
    result = cli("validate", cwd=project({"devenv.toml": content}))
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("error: ")
    assert "Traceback" not in result.err


def test_a_recipe_of_the_project_that_is_wrong_is_named_with_its_file(run: Run, project: MakeProject) -> None:
    folder = project({"devenv.toml": "[sidecars]\nown = {}\n", "devenv.recipes/own.toml": 'summary = "x"\n'})
    result = run("validate", cwd=folder)
    assert result.code == 2
    assert result.err == (
        f"error: recipe `own`: missing key `image` (and 2 more)\n  {folder / 'devenv.recipes' / 'own.toml'}:1:1\n"
        "\nhint: the tables and keys of a recipe: docs/recipes.md\n"
    )
