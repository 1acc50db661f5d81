"""The command line in this process: fast, and a warning in it fails the test; `cli` is the real one in its own."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from devenv.cli import main
from tests.command_line import Result

Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """`run("validate", cwd=folder)` gives exit code, stdout and stderr."""

    def command(*words: str | Path, cwd: Path | None = None) -> Result:
        monkeypatch.setattr(sys, "argv", ["devenv", *map(str, words)])
        before = Path.cwd()
        os.chdir(cwd or before)
        capfd.readouterr()
        try:
            with pytest.raises(SystemExit) as end:
                main()
        finally:
            os.chdir(before)
        out, err = capfd.readouterr()
        assert isinstance(end.value.code, int)
        return Result(end.value.code, out, err)

    return command
