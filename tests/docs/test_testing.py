"""The projects of docs/testing.md, written as they are shown and tested by their own tests."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.command_line import ROOT, Cli
from tests.conftest import write_files
from tests.contract.conftest import CHOSEN_BY, ENGINES, MARKS, REMOVED_BY
from tests.docs.markdown import Block, blocks, prose

DOCUMENT = ROOT / "docs" / "testing.md"
PASSED = {"psycopg": 2, "SQLAlchemy": 2, "Django": 4}
"""The sections that are projects, and how many tests each has."""

DOCKERFILE = "FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\n"
MANAGE = (
    "import os, sys\nfrom django.core.management import execute_from_command_line\n"
    "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'settings')\nexecute_from_command_line(sys.argv)\n"
)
BESIDE = {
    "psycopg": {"Dockerfile": DOCKERFILE},
    "SQLAlchemy": {},
    "Django": {"Dockerfile": DOCKERFILE, "manage.py": MANAGE, "visits/__init__.py": ""},
}
"""What the document does not show."""


def shown(title: str) -> list[Block]:
    """The files of a section."""
    titles = [(number, line.removeprefix("## ")) for number, line in prose(DOCUMENT) if line.startswith("## ")]
    start = next(number for number, line in titles if line == title)
    end = next((number for number, _ in titles if number > start), sys.maxsize)
    files = blocks("toml", "python", "ini", documents=(DOCUMENT,))
    return [block for block in files if start < block.line < end and block.words]


@pytest.fixture(params=[pytest.param(name, marks=MARKS[name]) for name in ENGINES])
def env(request: pytest.FixtureRequest, tmp_path: Path, cli: Cli) -> Iterator[dict[str, str]]:
    """An environment in which `python` and `pytest` are those of the tests."""
    chosen = Cli(cli.folder, {**cli.env, **CHOSEN_BY[request.param]})
    yield {**chosen.env, "PATH": f"{Path(sys.executable).parent}:{chosen.env['PATH']}"}
    REMOVED_BY[request.param](tmp_path, chosen)


@pytest.mark.parametrize("title", PASSED)
def test_the_example_passes(title: str, env: dict[str, str], tmp_path: Path) -> None:
    folder = write_files(tmp_path / "visits", {block.words[0]: block.text for block in shown(title)} | BESIDE[title])
    if title == "Django":
        run([sys.executable, "manage.py", "makemigrations", "visits"], folder, {**env, "DEVENV_ENGINE": "none"})
    else:
        write_files(folder, {"pytest.ini": "[pytest]\nfilterwarnings = error\n"})
    for words in ([], ["-n", "2"]):
        assert f"{PASSED[title]} passed" in run([sys.executable, "-m", "pytest", *words], folder, env)


def run(words: list[str], folder: Path, env: dict[str, str]) -> str:
    done = subprocess.run(words, cwd=folder, env=env, stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
