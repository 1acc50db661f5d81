"""The list of engines and what differs between them for a test: how one is chosen, and how its traces are removed.

An engine is done when the suite passes with its name in the list. Nothing here asks an engine about a state: that is
what `status --json`, `env --format json` and real clients are for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import Cli, Result
from tests.conftest import write_files
from tests.e2e.engine import remove_everything_below
from tests.native.machine import end_everything_below

ENGINES = ["compose", "native"]

CHOSEN_BY: dict[str, Mapping[str, str]] = {name: {"DEVENV_ENGINE": name} for name in ENGINES}
"""The environment in which the command line takes this engine."""

MARKS: dict[str, list[pytest.MarkDecorator]] = {"compose": [pytest.mark.engine], "native": [pytest.mark.servers]}

REMOVED_BY: dict[str, Callable[[Path, Cli], None]] = {
    "compose": lambda folder, cli: remove_everything_below(folder),
    "native": end_everything_below,
}
"""What removes all that belongs to projects below a folder, in whatever state a failed test left it."""


@dataclass(frozen=True)
class Subject:
    """One project on one engine."""

    engine: str
    cli: Cli = field(repr=False)
    root: Path

    def __call__(self, *words: str, code: int = 0, **options: Any) -> Result:
        """Run a command; it has to end with this code."""
        result = self.cli(*words, cwd=self.root, **options)
        assert result.code == code, result.err or result.out
        return result

    def services(self) -> dict[str, dict[str, Any]]:
        """Each service as `status --json` shows it."""
        status = self("status", "--json").json()
        assert status["engine"] == self.engine
        return {service["name"]: service for service in status["services"]}

    def states(self) -> dict[str, str]:
        """The state of each service."""
        return {name: service["state"] for name, service in self.services().items()}

    def env(self) -> dict[str, str]:
        """The addresses that `env` gives."""
        values: dict[str, str] = self("env", "--format", "json").json()
        return values


Make = Callable[..., Subject]


@pytest.fixture(params=[pytest.param(name, marks=MARKS[name]) for name in ENGINES])
def make(request: pytest.FixtureRequest, tmp_path: Path, cli: Cli) -> Iterator[Make]:
    """Make a project on the engine: `make(manifest, name="shop", **files)`."""
    chosen = Cli(cli.folder, {**cli.env, **CHOSEN_BY[request.param]})

    def subject(manifest: str, name: str = "shop") -> Subject:
        return Subject(request.param, chosen, write_files(tmp_path / name, {"devenv.toml": manifest}))

    yield subject
    REMOVED_BY[request.param](tmp_path, chosen)
