"""What VS Code is given: what the files of a project tell, and what the manifest says over that."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from devenv.editor.detect import customizations
from devenv.stack import Editor
from tests.conftest import write_files


def detected(folder: Path, files: dict[str, str], editor: Editor | None = None) -> dict[str, Any]:
    return customizations([write_files(folder, files)], editor or Editor())


@pytest.mark.parametrize(
    ("file", "text", "extension"),
    [
        ("pyproject.toml", "", "ms-python.python"),
        ("requirements-dev.txt", "", "ms-python.python"),
        ("pyproject.toml", "[tool.ruff]", "charliermarsh.ruff"),
        ("package.json", '{"devDependencies": {"eslint": "9"}}', "dbaeumer.vscode-eslint"),
        ("go.mod", "", "golang.go"),
        ("Cargo.toml", "", "rust-lang.rust-analyzer"),
        ("shop.csproj", "", "ms-dotnettools.csharp"),
        ("Dockerfile", "", "ms-azuretools.vscode-docker"),
    ],
)
def test_a_file_tells_an_extension(file: str, text: str, extension: str, tmp_path: Path) -> None:
    assert extension in detected(tmp_path, {file: text})["extensions"]


def test_a_project_of_nothing_known_gets_nothing(tmp_path: Path) -> None:
    assert detected(tmp_path, {"main.cob": "", "pyproject.toml/folder": ""}) == {"extensions": [], "settings": {}}


def test_what_a_file_does_not_hold_is_not_concluded(tmp_path: Path) -> None:
    assert detected(tmp_path, {"package.json": "{}"})["extensions"] == []


def test_the_apps_context_counts_as_the_project_does_and_once(tmp_path: Path) -> None:
    write_files(tmp_path / "api", {"go.mod": ""})
    write_files(tmp_path, {"go.mod": ""})
    assert customizations([tmp_path, tmp_path / "api", tmp_path], Editor())["extensions"] == ["golang.go"]


def test_the_manifest_adds_takes_away_and_wins(tmp_path: Path) -> None:
    files = {"pyproject.toml": "pytest ruff"}
    editor = Editor(None, ("a.b", "-Charliermarsh.Ruff", "a.b"), '{"python.testing.pytestEnabled": false, "x": [1]}')
    assert detected(tmp_path, files, editor) == {
        "extensions": ["ms-python.python", "a.b"],
        "settings": {"python.testing.pytestEnabled": False, "x": [1]},
    }
