"""Compose processes that a killed command has left at work on a project: ends those, and no other."""

from __future__ import annotations

import contextlib

from devenv.project import Project

_PATIENCE = 3.0
"""Seconds in which Compose ends when it is told to; a build is called off."""


def end_strays(project: Project) -> int:
    """End every process that was given this project's file of variables, which no other has; gives how many."""
    import psutil

    from devenv.engines.compose.render import files

    _, variables = files(project)
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if str(variables) in process.cmdline():
                found.append(process)
    for process in found:
        with contextlib.suppress(psutil.Error):
            process.terminate()
    _, alive = psutil.wait_procs(found, timeout=_PATIENCE)
    for process in alive:
        with contextlib.suppress(psutil.Error):
            process.kill()
    return len(found)
