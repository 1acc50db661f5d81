"""A project of programs that a test writes itself, kept by the real supervisor, and projects for the command line."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from devenv.engines.native.client import Supervision
from devenv.engines.native.program import MARK, Program, Seen
from devenv.project import Project
from tests.command_line import Cli, Result
from tests.conftest import Files, write_files
from tests.contract.conftest import CHOSEN_BY, Subject
from tests.native.machine import end_everything_below, processes, project_of, until

PYTHON = (sys.executable, "-S", "-E", "-c")
"""How a test's own program is run: without all that costs time."""


@dataclass(frozen=True)
class Keeper:
    """One project's supervisor, asked as the engine asks it."""

    project: Project
    folder: Path

    @property
    def supervision(self) -> Supervision:
        """Who is asked."""
        return Supervision(self.project)

    def program(self, name: str, *argv: str, **options: Any) -> Program:
        """A program with the environment that the engine gives."""
        env = {"PATH": "/usr/bin:/bin", MARK: f"{self.supervision.mark}/{name}"}
        log = str(self.folder / f"{name}.log")
        return Program(name, argv, env, str(self.folder), log, **{"grace": 2.0, **options})

    def start(self, name: str, *argv: str, **options: Any) -> Seen:
        """Start one; see `Program` for the options."""
        self.supervision.ensure()
        return self.supervision.start(self.program(name, *argv, **options))

    def stop(self, *names: str) -> None:
        """End these, and wait for it."""
        self.supervision.stop(names, remove=True, timeout=30)

    def seen(self, name: str) -> Seen:
        """What the supervisor says of one."""
        return self.supervision.seen()[name]

    def said(self, name: str) -> str:
        """What one has written."""
        return (self.folder / f"{name}.log").read_text()

    def says(self, name: str, text: str) -> None:
        """Wait until one has written something."""
        until(lambda: text in self.said(name))


@pytest.fixture
def keeper(tmp_path: Path, cli: Cli) -> Iterator[Keeper]:
    """A project, and the end of all that a test leaves of it."""
    root = write_files(tmp_path / "kept", {"devenv.toml": ""})
    project = project_of(root, cli)
    project.state.folder.mkdir(parents=True)
    yield Keeper(project, root)
    end_everything_below(root, cli)
    assert processes(project) == []


@dataclass(frozen=True)
class Site:
    """A project for the command line, served natively."""

    root: Path
    cli: Cli = field(repr=False)

    def __call__(self, *words: str, code: int = 0, **options: Any) -> Result:
        """Run a command; it has to end with this code."""
        result = self.cli(*words, cwd=self.root, **options)
        assert result.code == code, result.err or result.out
        assert "Traceback" not in result.err
        return result

    @property
    def project(self) -> Project:
        """As the command line sees it."""
        return project_of(self.root, self.cli)

    def states(self) -> dict[str, str]:
        """The state of each service."""
        return {service["name"]: service["state"] for service in self("status", "--json").json()["services"]}

    def env(self, **options: Any) -> dict[str, str]:
        """The addresses that `env` gives."""
        values: dict[str, str] = self("env", "--format", "json", **options).json()
        return values

    def is_gone(self) -> bool:
        """Whether no process of the project is there."""
        return not processes(self.project)


MakeSite = Callable[..., Site]


@pytest.fixture
def site(tmp_path: Path, cli: Cli) -> Iterator[MakeSite]:
    """Make a project: `site(manifest, name="shop")`; what it leaves is ended."""
    native = Cli(cli.folder, {**cli.env, "DEVENV_ENGINE": "native"})
    made: list[Site] = []

    def make(manifest: str, name: str = "shop", env: dict[str, str] | None = None) -> Site:
        root = write_files(tmp_path / name, {"devenv.toml": manifest})
        made.append(Site(root, Cli(native.folder, {**native.env, **(env or {})})))
        return made[-1]

    yield make
    for each in made:
        end_everything_below(each.root, each.cli)
        assert each.is_gone()


Native = Callable[..., Subject]


@pytest.fixture
def native(tmp_path: Path, cli: Cli) -> Iterator[Native]:
    """Make a project on the native engine: `native(manifest, {"db/a.sql": "…"}, PATH="/nowhere")`."""

    def subject(manifest: str, files: Files | None = None, **env: Any) -> Subject:
        chosen = Cli(cli.folder, {**cli.env, **CHOSEN_BY["native"], **env})
        return Subject("native", chosen, write_files(tmp_path / "shop", {"devenv.toml": manifest, **(files or {})}))

    yield subject
    end_everything_below(tmp_path, cli)
