"""Copies of a project, for a command or a test session: made, held, and removed when nobody holds them any more.

A copy is a project of its own, with other ports and secrets, from the same manifest. Whoever uses one shares a kernel
lock on it, which ends with the process however that ends; a guardian waits for the lock and removes what is left.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from devenv.engines.native import NOTE
from devenv.errors import DevenvError, InputError
from devenv.events import NullReporter
from devenv.process import detach
from devenv.project import COPY, Project, copy_of
from devenv.state import State, state_home

REUSED = "reused"
"""The name of the copy that is used again and again."""
LOCK = "holders.lock"
_RECORD = "copy"
_FIRST, _REMOVED = 60.0, 60.0
"""Seconds in which a copy is noted, and in which it is removed."""
_SETTINGS = ("DOCKER_", "DEVENV_", "XDG_", "HOME", "PATH", "TMPDIR", "SSH_")
"""Variables by which the engine of a copy is found again."""


@contextlib.contextmanager
def hold(project: Project, engine: str, name: str = "", *, keep: bool = False) -> Iterator[Project]:
    """A copy for as long as this process holds it; then it is removed with all its data, unless it is to be kept.

    Without a name it is a new one. One called `REUSED` stays from the start.
    """
    copy = copy_of(project, name or os.urandom(4).hex(), lasting=name == REUSED)
    with copy.state.share(LOCK):
        begin(copy, engine)
        try:
            yield copy
        finally:
            if keep:
                copy.state.save(_RECORD, {**_load(copy.state), "kept": True})
            elif not copy.lasting:
                discard(copy)


@contextlib.contextmanager
def join(project: Project, engine: str, name: str) -> Iterator[Project]:
    """The copy of that name, which several processes hold together: the first makes it, and `finish` removes it."""
    copy = copy_of(project, name)
    with copy.state.share(LOCK):
        with copy.state.lock("devenv", timeout=_FIRST, waiting=lambda holder: None, name="begin.lock"):
            if not _load(copy.state):
                begin(copy, engine)
        yield copy
        copy.state.save(_RECORD, {**_load(copy.state), "orderly": True})


def finish(name: str) -> None:
    """Wait until the copy of that name is removed, whose holders have all ended; if nobody does it, it is done here."""
    for folder in state_home().glob(f"*{COPY}{name}"):
        state = State(folder)
        with state.inherit(LOCK, wait=False) as ours:
            copy = left(state)
            if ours and copy:
                discard(copy)
                continue
        pause, deadline = threading.Event(), time.monotonic() + _REMOVED
        while left(state) and time.monotonic() < deadline:
            pause.wait(0.02)


def orderly(state: State) -> bool:
    """Whether a holder has come to its end by itself: then nothing that it began is still at work."""
    return bool(_load(state).get("orderly"))


def find(name: str) -> tuple[Project, str]:
    """The copy with this id, and its engine. Raises `InputError` where it is gone."""
    state = State(state_home() / name)
    record = _load(state)
    if not record:
        raise InputError(f"the copy `{name}` is gone", hint="a command that `devenv run` started has it while it runs")
    return _project(state, record), str(record["engine"])


def begin(copy: Project, engine: str) -> None:
    """Note what a copy is, and have a guardian wait for the end of all who share its lock."""
    record = {
        "manifest": str(copy.manifest),
        "engine": engine,
        "kept": copy.lasting,
        "environment": {name: value for name, value in os.environ.items() if name.startswith(_SETTINGS)},
    }
    copy.state.save(_RECORD, record)
    if not copy.lasting:
        _guard(copy.state, None)


def discard(copy: Project) -> None:
    """Remove a copy and all that there is of it. Raises `DevenvError`: then its state stays."""
    clear(copy)
    shutil.rmtree(copy.state.folder, ignore_errors=True)


def clear(copy: Project) -> None:
    """Remove what engines have of a copy, and keep only its state. Raises `DevenvError`."""
    record = _load(copy.state)
    if record:
        copy.state.save(_RECORD, {**record, "ending": True})
    if record.get("engine") == "native" or (copy.state.folder / NOTE).exists():
        from devenv.engines.native.engine import NativeEngine

        NativeEngine(copy).discard(NullReporter())
    if record.get("engine") == "compose":
        from devenv.engines.compose.engine import ComposeEngine

        ComposeEngine.of(copy).discard()


def kept(project: Project) -> list[Project]:
    """The copies of a project that were kept."""
    found = []
    for folder in sorted(project.state.folder.parent.glob(f"{project.id}{COPY}*")):
        name = folder.name.rpartition(COPY)[2]
        if _load(State(folder)).get("kept"):
            found.append(copy_of(project, name, lasting=name == REUSED))
    return found


def sweep() -> None:
    """Have copies removed whose holders, and their guardians, were killed. Costs a look at the folder of states."""
    for path in state_home().glob(f"*{COPY}*/{_RECORD}.json"):
        state = State(path.parent)
        with state.inherit(LOCK, wait=False) as ours:
            abandoned = ours and left(state) is not None
        if abandoned:
            with contextlib.suppress(DevenvError, OSError):
                _guard(state, {**os.environ, **_load(state)["environment"]})


def left(state: State) -> Project | None:
    """The copy that a state is of, where it is to be removed; None where nothing is left, or it is kept."""
    record = _load(state)
    return None if not record or record.get("kept") else _project(state, record)


def _project(state: State, record: dict[str, Any]) -> Project:
    from devenv.project import locate

    name = state.folder.name.rpartition(COPY)[2]
    original = locate(Path(record["manifest"]))
    return Project(original.root, original.manifest, state.folder.name, state, original, name == REUSED)


def _guard(state: State, env: dict[str, str] | None) -> None:
    command = [sys.executable, "-P", "-m", "devenv.guardian", str(state.folder)]
    detach(command, state.write("guardian.log", ""), env=env)


def _load(state: State) -> dict[str, Any]:
    found = state.load(_RECORD)
    return found if isinstance(found, dict) else {}
