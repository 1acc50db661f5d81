"""Copies of projects, as the engine and the machine see them: what there is of them, and what stays; asks no devenv."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from tests.e2e.engine import PATH_LABEL, PROJECT_LABEL, inspected, labelled

if TYPE_CHECKING:
    from tests.contract.conftest import Subject


@dataclass(frozen=True)
class Copy:
    """One copy, by its folder of state."""

    folder: Path

    def kill_guardian(self) -> None:
        """So that nobody cleans up."""
        os.kill(self.guardian().pid, signal.SIGKILL)

    def guardian(self) -> psutil.Process:
        """Who waits for the end of its holders."""
        (found,) = (each for each in psutil.process_iter() if self._guards(each))
        return found

    def _guards(self, process: psutil.Process) -> bool:
        try:
            words = process.cmdline()
        except psutil.Error:
            return False
        return "devenv.guardian" in words and str(self.folder) in words


def copies_of(subject: Subject) -> list[Copy]:
    """The copies that there are."""
    return [Copy(path) for path in sorted(Path(subject.cli.env["DEVENV_STATE_HOME"]).glob("*-run-*"))]


def remains(subject: Subject) -> list[str]:
    """All that there is of copies: folders, what the engine has, processes."""
    found = [str(copy.folder) for copy in copies_of(subject)]
    marks = [path.name for path in Path(subject.cli.env["DEVENV_STATE_HOME"]).glob("*")]
    if subject.engine == "compose":
        for kind in ("container", "network", "volume"):
            for item in inspected(kind, *labelled(kind, f"{PATH_LABEL}={subject.root.resolve()}")):
                labels = item.get("Labels") or item["Config"]["Labels"]
                if "-run-" in labels[PROJECT_LABEL]:
                    found.append(f"{kind} {item.get('Name') or item['Id']}")
    return found + [f"process {pid}" for pid in _processes(marks)]


def _processes(projects: list[str]) -> list[int]:
    """Processes of copies of these projects, by the mark in their environment."""
    found = []
    for process in psutil.process_iter():
        try:
            mark = process.environ().get("DEVENV_PROCESS", "")
        except psutil.Error:
            continue
        if "-run-" in mark and mark.startswith(tuple(projects)):
            found.append(process.pid)
    return found
