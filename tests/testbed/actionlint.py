"""Brings actionlint, which checks GitHub's workflows, into the cache folder: built by Go from its module."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from .layout import Layout
from .shell import TestBedError, run

VERSION = "v1.7.12"
_MODULE = "github.com/rhysd/actionlint/cmd/actionlint"
_BUILD_SECONDS = 540


def actionlint(layout: Layout, env: Mapping[str, str]) -> Path:
    """The program, built where it is not there yet. Raises `TestBedError` where there is no Go or no module proxy."""
    folder = layout.base / "go"
    program = folder / VERSION / "actionlint"
    if not program.exists():
        if shutil.which("go", path=env.get("PATH")) is None:
            raise TestBedError("Go is not installed: it builds actionlint")
        own = {"GOPATH": str(folder), "GOCACHE": str(folder / "build"), "GOBIN": str(program.parent)}
        run(["go", "install", f"{_MODULE}@{VERSION}"], env={**env, **own}, timeout=_BUILD_SECONDS)
    return program
