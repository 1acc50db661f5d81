"""Projects that run without containers, whatever engine this machine has; all that they start ends with their test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import Cli
from tests.conftest import Files, write_files
from tests.contract.conftest import CHOSEN_BY, Subject
from tests.native.machine import end_everything_below

Native = Callable[..., Subject]


@pytest.fixture
def native(tmp_path: Path, cli: Cli) -> Iterator[Native]:
    """Make a project on the native engine: `native(manifest, {"db/a.sql": "…"}, PATH="/nowhere")`."""

    def subject(manifest: str, files: Files | None = None, **env: Any) -> Subject:
        chosen = Cli(cli.folder, {**cli.env, **CHOSEN_BY["native"], **env})
        return Subject("native", chosen, write_files(tmp_path / "shop", {"devenv.toml": manifest, **(files or {})}))

    yield subject
    end_everything_below(tmp_path, cli)
