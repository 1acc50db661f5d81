"""Sees to it that the tests marked `engine` have an engine and the images; nothing here runs without such a test."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from tests.testbed import engine, lookalikes
from tests.testbed.layout import Layout, current_layout
from tests.testbed.shell import TestBedError


def remember_home() -> None:
    """Tests get another home: what leads to the engine and the test bed from the real one is said by variables."""
    os.environ.setdefault("DEVENV_TESTBED", str(current_layout().base))
    settings = Path.home() / ".docker"
    if settings.is_dir():
        os.environ.setdefault("DOCKER_CONFIG", str(settings))


def ensure() -> tuple[str | None, str | None]:
    """Make an engine answer in this process' environment, with the recipes' images: why it can't, why they can't.

    Without an image the tests that need it fail by themselves, so only the first reason leaves tests out. Workers of
    pytest-xdist come here at once: the first does the work, the others find it done.
    """
    layout = current_layout()
    try:
        layout.base.mkdir(parents=True, exist_ok=True)
        with (layout.base / "tests.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            engine.bring_up(layout)
            env = engine.client_environment(layout)
            if env is None:
                return "the engine that was started does not answer", None
            _use(env)
            return None, _images(layout, env)
    except (TestBedError, OSError) as error:
        return _first_line(error), None


def _use(env: dict[str, str]) -> None:
    if "DOCKER_CONTEXT" not in env:
        os.environ.pop("DOCKER_CONTEXT", None)
    os.environ.update({name: env[name] for name in ("DOCKER_HOST", "DOCKER_CONFIG", "PATH") if name in env})


def _images(layout: Layout, env: dict[str, str]) -> str | None:
    try:
        lookalikes.make([], layout, env)
    except (TestBedError, OSError) as error:
        return _first_line(error)
    return None


def _first_line(error: Exception) -> str:
    return str(error).split("\n", 1)[0].rstrip(":")
