"""Hints from the file system that something changed: the only home of watchfiles; reads no file and decides nothing.

Every folder is watched by itself, not the tree below it, so that what the image does not use (node_modules, .venv,
.git) costs no watch. A hint may be missing (a queue that overflowed, a name that is not UTF-8, a folder made a moment
ago): who listens compares contents, and is told to compare all when the watching begins anew or has failed.
"""

from __future__ import annotations

import errno
import os
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

STEPS = ((15.0, 1), (45.0, 8), (float("inf"), 20))
"""Milliseconds between two looks at the queue of hints, by the seconds for which none came: each look costs power."""
BURST = 4
"""Paths in one batch from which it is no single save: more is to come, so wait for a quiet moment."""
QUIET = 10
"""Milliseconds of quiet that end a burst."""
LONGEST = 1.0
"""Seconds that a burst is gathered at most."""
RETRY = 20.0
"""Seconds of polling before watching is tried again."""
_TIMEOUT = 500


@dataclass(frozen=True, slots=True)
class Hint:
    """Something may have changed: `paths`, absolute; None: anything. `trouble` says why folders are not watched."""

    paths: frozenset[str] | None
    at: float
    trouble: str = ""


class Source(Protocol):
    """What watchfiles gives for a list of folders."""

    def watch(self, debounce_ms: int, step_ms: int, timeout_ms: int, stop_event: Any) -> Any:
        """A set of (kind, path), or a word: `timeout`, `stop`, `signal`."""

    def close(self) -> None:
        """Give the watches back."""


def open_source(folders: Sequence[str]) -> Source:
    """Watch folders. Raises OSError where the kernel refuses."""
    from watchfiles._rust_notify import RustNotify  # watchfiles documents it as its "Rust backend"

    return RustNotify(list(folders), False, False, 300, False, True)


class Watcher:
    """Watches folders in a thread of its own and tells `heard` each hint; `close` ends it.

    Where the kernel gives no more watches, `heard` is told so once, with what to do, and then gets a hint every
    `poll` seconds, which whoever has to look through a lot may change at any time.
    """

    def __init__(
        self,
        heard: Callable[[Hint], None],
        folders: Iterable[Path],
        *,
        poll: float = 0.5,
        source: Callable[[Sequence[str]], Source] = open_source,
        retry: float = RETRY,
    ) -> None:
        self._heard = heard
        self._folders = _sorted(folders)
        self.poll, self._retry = poll, retry
        self._open = source
        self._end = threading.Event()
        self._anew = threading.Event()
        self._begun = False
        self._thread = threading.Thread(target=self._run, name="devenv-watcher", daemon=True)
        self._thread.start()

    def watch(self, folders: Iterable[Path], *, anew: bool = False) -> None:
        """Watch these folders from now on; `anew` where one may have been replaced by another of its name."""
        wanted = _sorted(folders)
        if wanted != self._folders or anew:
            self._folders = wanted
            self._anew.set()

    def close(self) -> None:
        """End the thread and give the watches back."""
        self._end.set()
        self._anew.set()
        self._thread.join(5.0)

    def is_set(self) -> bool:
        """For watchfiles, which asks in each step whether to stop."""
        return self._anew.is_set()

    def _run(self) -> None:
        trouble = ""
        while True:
            self._anew.clear()
            if self._end.is_set():  # only now: `close` sets this before the other, which may just have been cleared
                return
            try:
                source = self._open([folder for folder in self._folders if Path(folder).is_dir()])
            except (OSError, RuntimeError) as error:
                told = explain(error)
                self._tell(None, told if told != trouble else "")
                trouble = told
                self._keep_polling()
                continue
            trouble = ""
            try:
                if self._begun:  # more may be on its way, such as the files of a new folder
                    self._gather(source, time.monotonic() + LONGEST)
                self._begun = True
                self._tell(None)
                self._listen(source)
            except (OSError, RuntimeError):  # of one event: a name that is not UTF-8
                self._anew.wait(0.05)
            finally:
                source.close()

    def _listen(self, source: Source) -> None:
        last = time.monotonic()
        while True:
            idle = time.monotonic() - last
            step = next(step for seconds, step in STEPS if idle < seconds)
            found = source.watch(int(LONGEST * 1000), step, _TIMEOUT, self)
            if found in ("stop", "signal"):
                return
            if found == "timeout":
                continue
            last = time.monotonic()
            paths = {path for _, path in found}
            if self._new_folders(paths):
                return
            if len(paths) >= BURST:
                paths |= self._gather(source, last + LONGEST)
            self._tell(frozenset(paths))

    def _new_folders(self, paths: set[str]) -> bool:
        """Watch what has just been made at once, before files come into it; who listens will say what is of use."""
        made = {path for path in paths if path not in self._folders and os.path.isdir(path)}  # noqa: PTH112 - hot
        if made:
            self._folders = sorted({*self._folders, *made})
        return bool(made)

    def _gather(self, source: Source, deadline: float) -> set[str]:
        """The rest of a burst: until it is quiet for a moment, or has lasted long enough."""
        paths: set[str] = set()
        while (left := deadline - time.monotonic()) > 0:
            found = source.watch(max(1, int(left * 1000)), QUIET, QUIET, self)
            if isinstance(found, str):
                break
            paths |= {path for _, path in found}
        return paths

    def _keep_polling(self) -> None:
        end = time.monotonic() + self._retry
        while time.monotonic() < end and not self._anew.wait(self.poll):
            self._tell(None)

    def _tell(self, paths: frozenset[str] | None, trouble: str = "") -> None:
        if not self._end.is_set():
            self._heard(Hint(paths, time.time(), trouble))


def explain(error: BaseException) -> str:
    """Why folders can't be watched, and the setting that would let them."""
    text = str(error)
    number = error.errno if isinstance(error, OSError) else None
    if number == errno.EMFILE or "os error 24" in text:
        setting = "fs.inotify.max_user_instances=1024"
    elif number == errno.ENOSPC or "limit" in text.lower():
        setting = "fs.inotify.max_user_watches=1048576"
    else:
        return f"folders can't be watched, so they are looked through again and again: {text}"
    return (
        "the kernel gives no more file watches, so folders are looked through again and again, which is slower; "
        f"to allow more: sudo sysctl {setting}"
    )


def _sorted(folders: Iterable[Path]) -> list[str]:
    """The folders that can be named to watchfiles."""
    names = {str(folder) for folder in folders}
    return sorted(name for name in names if name.isascii() or _is_utf8(name))


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
