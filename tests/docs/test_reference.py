"""What a document takes from the code is as the code has it now; `pytest --update-golden` writes it anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from devenv import errors
from devenv.cli import INTERRUPTED
from tests.command_line import ROOT
from tests.docs import reference
from tests.docs.markdown import anchors, section

COMMANDS = ROOT / "docs" / "commands.md"
RECIPES = ROOT / "docs" / "recipes.md"


@pytest.mark.parametrize("document", [COMMANDS, RECIPES], ids=lambda path: path.name)
def test_a_part_from_the_code_is_up_to_date(document: Path, request: pytest.FixtureRequest) -> None:
    text = document.read_text(encoding="utf-8")
    renewed = reference.renewed(text)
    if request.config.option.update_golden and renewed != text:
        document.write_text(renewed, encoding="utf-8")
        text = renewed
    assert text == renewed


def test_every_command_has_its_part_and_its_heading() -> None:
    found = reference.parts(COMMANDS.read_text(encoding="utf-8"))
    assert sorted(found) == sorted(["options global", *(f"command {name}" for name in reference.commands())])
    assert {f"devenv-{name.replace(' ', '-')}" for name in reference.commands()} <= anchors(COMMANDS)


def test_every_recipe_has_its_part_and_its_heading() -> None:
    found = reference.parts(RECIPES.read_text(encoding="utf-8"))
    assert sorted(found) == [f"recipe {name}" for name in reference.recipes()]
    assert set(reference.recipes()) <= anchors(RECIPES)


def test_every_exit_code_is_listed() -> None:
    failures = [each for each in vars(errors).values() if isinstance(each, type) and hasattr(each, "exit_code")]
    listed = {line.split("|")[1].strip() for line in section(COMMANDS, "Exit codes").splitlines() if "|" in line}
    assert listed - {"code", "---"} == {"0", str(INTERRUPTED), *(str(each.exit_code) for each in failures)}
