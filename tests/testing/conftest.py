"""Projects whose tests use the plugin, on every engine: `python -m pytest` in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import Cli, Result
from tests.conftest import write_files
from tests.contract.conftest import CHOSEN_BY, ENGINES, MARKS, REMOVED_BY, Subject


@dataclass(frozen=True)
class Tests(Subject):
    """A project with tests, as its developer runs them."""

    __test__ = False

    def words(self, *words: str) -> list[str]:
        """The whole command."""
        return [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *words]

    def run(self, *words: str, env: Mapping[str, str] | None = None, code: int = 0, timeout: float = 180) -> Result:
        """Run them to the end; pytest has to end with this code."""
        done = subprocess.run(
            self.words(*words), cwd=self.root, env={**self.cli.env, **(env or {})}, stdin=subprocess.DEVNULL,
            capture_output=True, encoding="utf-8", timeout=timeout,
        )  # fmt: skip
        assert done.returncode == code, done.stdout + done.stderr
        return Result(done.returncode, done.stdout, done.stderr)

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Run them in the background, in a group of processes of their own."""
        return subprocess.Popen(
            self.words(*words), cwd=self.root, env=dict(self.cli.env), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", start_new_session=True,
        )  # fmt: skip

    def said(self, name: str = "said") -> list[str]:
        """The lines that the tests have written to a file, in no order where several processes did."""
        path = self.root / name
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []

    def write(self, **files: str) -> None:
        """More Python files, by the name of the module."""
        write_files(self.root, {f"{name}.py": text for name, text in files.items()})


MakeTests = Callable[..., Tests]


@pytest.fixture(params=[pytest.param(name, marks=MARKS[name]) for name in ENGINES])
def make(request: pytest.FixtureRequest, tmp_path: Path, cli: Cli) -> Iterator[MakeTests]:
    """Make a project on the engine: `make(manifest, test_it="…", conftest="…")`."""
    chosen = Cli(cli.folder, {**cli.env, **CHOSEN_BY[request.param]})

    def tests(manifest: str, name: str = "shop", **files: Any) -> Tests:
        strict = "[pytest]\nfilterwarnings = error\n"
        root = write_files(tmp_path / name, {"devenv.toml": manifest, "pytest.ini": strict})
        made = Tests(request.param, chosen, root)
        made.write(**files)
        return made

    yield tests
    REMOVED_BY[request.param](tmp_path, chosen)


def app(*setup: str) -> str:
    """The manifest's part of an app that never runs here, with a setup."""
    from tests.e2e.manifests import strings

    return f'[app]\nimage = "python:3.13-slim"\nsetup = {strings(list(setup))}\n'
