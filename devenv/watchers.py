"""Who watches a project: at most one command, which holds a kernel lock for as long as it does; starts none."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from devenv.errors import DevenvError, ProjectBusyError
from devenv.process import detach, has_ended
from devenv.state import State, this_command

LOCK = "watch.lock"
_LAST_BREATH = 3.0
"""Seconds that a process may take to go once it has given its lock back; where nobody reaps it, it never does."""
_ABSENT = 1.0
"""Seconds for which a project's folder may be missing: whoever replaces one takes the old one away first."""
_PROCESS = re.compile(r"(.*) \(process (\d+)\)")


@contextlib.contextmanager
def only_one(state: State, root: Path) -> Iterator[Callable[[], None]]:
    """Be the one that watches the project in `root`. Raises `ProjectBusyError` where there is one.

    Gives what raises `DevenvError` once there is nothing left to watch, or nobody can see any more that we do.
    """
    if holder := state.holder(LOCK):
        raise ProjectBusyError(f"`{holder}` watches this project already", hint="it ends with Ctrl-C or `devenv down`")
    with state.lock(this_command(), timeout=1.0, waiting=lambda holder: None, name=LOCK):
        yield _still_there(state.folder / LOCK, root)


def _still_there(lock: Path, root: Path) -> Callable[[], None]:
    ours = _inode(lock)
    seen = time.monotonic()

    def check() -> None:
        nonlocal seen
        if _inode(lock) != ours:
            raise DevenvError("the project's state is gone, so nothing is watched any more", where=str(lock.parent))
        if root.is_dir():
            seen = time.monotonic()
        elif time.monotonic() - seen > _ABSENT:
            raise DevenvError("the project's folder is gone, so nothing is watched any more", where=str(root))

    return check


def _inode(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def who(state: State) -> tuple[str, int] | None:
    """The command that watches the project and its process; None where nobody does."""
    match = _PROCESS.fullmatch(state.holder(LOCK))
    return (match[1], int(match[2])) if match else None


def begin(command: Sequence[str], state: State, timeout: float = 30.0) -> tuple[str, int] | None:
    """Start a command that watches in the background and wait until it does; None where somebody watches already.

    Raises `DevenvError` with what it said where it ends instead.
    """
    if who(state):
        return None
    log = state.write("watch.log", "")
    process = detach(command, log)
    deadline = time.monotonic() + timeout
    pause = threading.Event()
    while not (found := who(state)):
        if has_ended(process) or time.monotonic() > deadline:
            said = log.read_text(encoding="utf-8", errors="replace").strip()
            raise DevenvError(f"the watcher did not start: {said or 'it said nothing'}", where=str(log))
        pause.wait(0.01)
    return found


def end(state: State, timeout: float = 30.0) -> bool:
    """End the command that watches, if it is not this one, and wait for that; whether there was one."""
    found = who(state)
    if found is None or found[1] == os.getpid():
        return False
    with contextlib.suppress(ProcessLookupError):
        os.kill(found[1], signal.SIGTERM)
    deadline = time.monotonic() + timeout
    pause = threading.Event()
    while who(state) == found and time.monotonic() < deadline:
        pause.wait(0.02)
    deadline = min(deadline, time.monotonic() + _LAST_BREATH)
    while _is_there(found[1]) and time.monotonic() < deadline:
        pause.wait(0.02)
    return True


def _is_there(process: int) -> bool:
    try:
        os.kill(process, 0)
    except OSError:
        return False
    return True
