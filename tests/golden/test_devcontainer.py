"""The files for an editor that a manifest must come to; `pytest --update-golden` writes them anew."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from devenv.generate.devcontainer import artifacts
from devenv.workflow import Session
from tests.command_line import ROOT
from tests.conftest import write_files

HERE = Path(__file__).parent

STAGES = """FROM python:3.13-slim AS runtime
WORKDIR /app
COPY . .
USER 10001
FROM runtime AS dev
USER ada
FROM runtime
"""
"""A Dockerfile for devenv.toml.example, which has none of its own."""


def project(case: str, folder: Path) -> Path:
    """The case's folder, with all that its manifest names."""
    if case == "shop":
        return Path(shutil.copytree(ROOT / "examples/shop", folder / "shop"))
    manifest = (ROOT / "devenv.toml.example").read_text(encoding="utf-8")
    files = {"devenv.toml": manifest, "Dockerfile": STAGES, ".env": "", ".env.local": "", "db/schema.sql": ""}
    return write_files(folder / "shop", {**files, "pyproject.toml": "[tool.ruff]\n"})


@pytest.mark.parametrize(
    ("case", "files"),
    [
        ("shop", {"web/devcontainer.json", "web/compose.yaml", "worker/devcontainer.json", "worker/compose.yaml"}),
        ("every-feature", {"app/devcontainer.json", "app/compose.yaml", "docs/devcontainer.json", "docs/compose.yaml"}),
    ],
)
def test_the_files_for_an_editor(case: str, files: set[str], tmp_path: Path, pytestconfig: pytest.Config) -> None:
    root = project(case, tmp_path)
    made = artifacts(Session.at(root, None))
    assert {artifact.path.relative_to(root / ".devcontainer").as_posix() for artifact in made} == files
    for artifact in made:
        expected = HERE / case / f"{artifact.path.parent.name}.{artifact.path.name}"
        if pytestconfig.getoption("--update-golden"):
            expected.write_text(artifact.text, encoding="utf-8")
        assert artifact.text == expected.read_text(encoding="utf-8")
