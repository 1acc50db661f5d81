"""What of the native engine is on this machine, asked of the kernel, and its end however a test left it."""

from __future__ import annotations

import os
import shutil
import signal
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
    found = set(identity.marked(Supervision(project).mark))
    if keeper.supervised:
        found.add(keeper.pid)
    return sorted(pid for pid in found if identity.identity(pid))


def end_everything_below(folder: Path, cli: Cli) -> None:
    """End all processes of projects below a folder, and remove what they have outside of it."""
    for manifest in folder.rglob("devenv.toml"):
        project = project_of(manifest.parent, cli)
        noted = Record(project.state.folder).load()
        if noted.supervised:
            os.kill(noted.pid, signal.SIGKILL)
        identity.kill(identity.marked(Supervision(project).mark))
        for base in bases(project):
            shutil.rmtree(base, ignore_errors=True)
        shutil.rmtree(runtime_folder(project), ignore_errors=True)
