"""What of the native engine is on this machine, asked of the kernel, and its end however a test left it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from devenv.engines.native import identity
from devenv.engines.native.client import Supervision, runtime_folder
from devenv.engines.native.record import Record
from devenv.engines.native.serving import bases
from devenv.project import Project, locate
from devenv.state import State
from tests.command_line import Cli


def project_of(root: Path, cli: Cli) -> Project:
    """The project of a folder, as the command line of a test sees it."""
    found = locate(root / "devenv.toml")
    return Project(found.root, found.manifest, found.id, State(Path(cli.env["DEVENV_STATE_HOME"]) / found.id))


def processes(project: Project) -> list[int]:
    """All living processes of a project: its supervisor, what it started, and what that started."""
    keeper = Record(project.state.folder).load()
    supervision = Supervision(project)
    found = set(identity.marked(supervision.mark, supervision.folders))
    if keeper.supervised:
        found.add(keeper.pid)
    return sorted(pid for pid in found if identity.identity(pid))


def keeper_of(project: Project) -> int:
    """The supervisor's process."""
    noted = Record(project.state.folder).load()
    assert noted.supervised
    return noted.pid


def until(is_so: Callable[[], object], seconds: float = 10.0) -> None:
    """Look again and again until something is so; fails after some time."""
    pause, end = threading.Event(), time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, f"not so within {seconds:g} s"
        pause.wait(0.005)


def end_everything_below(folder: Path, cli: Cli) -> None:
    """End all processes of projects below a folder, and remove what they have outside of it."""
    for manifest in folder.rglob("devenv.toml"):
        project = project_of(manifest.parent, cli)
        noted = Record(project.state.folder).load()
        if noted.supervised:  # in order first: what is killed leaves shared memory behind
            os.kill(noted.pid, signal.SIGTERM)
            with contextlib.suppress(AssertionError):
                until(lambda project=project: not processes(project), 5)  # type: ignore[misc]
        for _ in _until_none(project):
            identity.kill(processes(project))
        for base in bases(project):
            shutil.rmtree(base, ignore_errors=True)
        shutil.rmtree(runtime_folder(project), ignore_errors=True)


def _until_none(project: Project) -> Iterator[None]:
    """Once more for as long as there are processes: one that is killed may have started another."""
    end = time.monotonic() + 10
    while processes(project) and time.monotonic() < end:
        yield
