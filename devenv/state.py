"""A project's private state outside the repository: lock, bindings and records, as small files; knows no engine.

Every file is replaced at once and readable by its owner only. Losing the folder loses no user data: ports are chosen
anew, and random passwords are the one thing that can't be made again.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from devenv.artifacts.files import read, write
from devenv.errors import DevenvError, ProjectBusyError
from devenv.stack import Bindings, Stack

SECRET_BYTES = 16


def state_home() -> Path:
    """Where all projects' state is: $DEVENV_STATE_HOME, else the XDG state folder."""
    if own := os.environ.get("DEVENV_STATE_HOME"):
        return Path(own)
    base = os.environ.get("XDG_STATE_HOME")
    return (Path(base) if base else Path.home() / ".local" / "state") / "devenv"


class State:
    """One project's folder of state. Methods that write raise `DevenvError` where the disk refuses."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def load(self, name: str) -> Any:
        """A record as it was saved; None where there is none or it can't be read."""
        try:
            return json.loads(read(self.folder / f"{name}.json") or "null")
        except (OSError, ValueError):
            return None

    def save(self, name: str, value: Any) -> None:
        """Replace a record."""
        self.write(f"{name}.json", json.dumps(value, indent=1))

    def write(self, name: str, text: str) -> Path:
        """Replace a private file."""
        return self.write_bytes(name, text.encode())

    def write_bytes(self, name: str, content: bytes) -> Path:
        """Replace a private file that is not text."""
        path = self.folder / name
        try:
            self._create()
            write(path, content, private=True)
        except OSError as error:
            raise DevenvError(f"can't write state: {error.strerror}", where=str(path)) from error
        return path

    def append(self, name: str, text: str) -> int:
        """Add to a private file, at once and whole: a killed command leaves all of it or nothing. Gives its size."""
        try:
            self._create()
            handle = os.open(self.folder / name, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            try:
                os.write(handle, text.encode(errors="surrogateescape"))
                return os.fstat(handle).st_size
            finally:
                os.close(handle)
        except OSError as error:
            raise DevenvError(f"can't write state: {error.strerror}", where=str(self.folder / name)) from error

    def bindings(self) -> Bindings:
        """Ports and secrets as they were bound last."""
        data = self.load("bindings") or {}
        try:
            ports, asked = (
                {_pair(key, int): number for key, number in data.get(name, {}).items()} for name in ("ports", "asked")
            )
            private = {_pair(key, str): value for key, value in data.get("secrets", {}).items()}
        except (AttributeError, TypeError, ValueError):  # not what `bind` wrote: as good as none
            return Bindings()
        return Bindings(ports, private, asked)

    def bind(self, bindings: Bindings) -> None:
        """Keep ports and secrets for the next time."""
        self.save(
            "bindings",
            {
                "ports": {f"{service} {port}": number for (service, port), number in bindings.ports.items()},
                "asked": {f"{service} {port}": number for (service, port), number in bindings.asked.items()},
                "secrets": {f"{service} {name}": value for (service, name), value in bindings.secrets.items()},
            },
        )

    @contextlib.contextmanager
    def lock(
        self, command: str, *, timeout: float, waiting: Callable[[str], None], name: str = "lock"
    ) -> Iterator[None]:
        """Hold the project's kernel lock, or another one, which ends with the process however that ends.

        Waits up to `timeout` seconds for the one who holds it, telling `waiting` who that is, then raises
        `ProjectBusyError`.
        """
        with self._opened(name) as handle:
            self._wait(handle, timeout, waiting)
            with contextlib.suppress(OSError):  # a full disk takes the words, not the lock
                os.ftruncate(handle, 0)
                os.pwrite(handle, f"{command} (process {os.getpid()})".encode(), 0)
            yield

    @contextlib.contextmanager
    def share(self, name: str) -> Iterator[None]:
        """Hold a lock together with others who do the same, until all of them have ended, however that is."""
        while True:
            with self._opened(name) as handle:
                fcntl.flock(handle, fcntl.LOCK_SH)
                if os.fstat(handle).st_nlink:  # else who held it alone has removed it, with the folder
                    yield
                    return

    @contextlib.contextmanager
    def inherit(self, name: str, *, wait: bool) -> Iterator[bool]:
        """Hold a shared lock alone once nobody holds it any more, without end if need be; False where that is not so.

        It is not so where we don't `wait`, and where there is no such lock.
        """
        try:
            handle = os.open(self.folder / name, os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            yield False
            return
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            yield True
        except BlockingIOError:
            yield False
        finally:
            os.close(handle)

    @contextlib.contextmanager
    def _opened(self, name: str) -> Iterator[int]:
        try:
            self._create()
            handle = os.open(self.folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise DevenvError(f"can't write state: {error.strerror}", where=str(self.folder)) from error
        try:
            yield handle
        finally:
            os.close(handle)

    def holder(self, name: str) -> str:
        """Who holds a lock: what it told, with its process; empty where nobody does."""
        try:
            handle = os.open(self.folder / name, os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return ""
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)  # shared: those who only ask don't see each other
        except BlockingIOError:
            return os.pread(handle, 200, 0).decode(errors="replace")
        finally:
            os.close(handle)
        return ""

    @staticmethod
    def _wait(handle: int, timeout: float, waiting: Callable[[str], None]) -> None:
        deadline = time.monotonic() + timeout
        told = False
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                holder = os.pread(handle, 200, 0).decode(errors="replace") or "another devenv command"
            if time.monotonic() > deadline:
                message = f"`{holder}` still works on this project after {timeout:.0f} s"
                raise ProjectBusyError(message, hint="wait for it, or end it")
            if not told:
                waiting(holder)
                told = True
            time.sleep(0.05)

    def _create(self) -> None:
        for folder in (self.folder.parent, self.folder):  # whoever may write above could put another folder here
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)


def complete_secrets(stack: Stack, bindings: Bindings) -> Bindings:
    """The bindings with every secret of the stack: the user's own value, the one kept, or a new random one."""
    private = dict(bindings.secrets)
    for service in stack:
        for secret in service.secrets:
            key = (service.name, secret.name)
            if secret.value is not None:
                private[key] = secret.value
            elif key not in private:
                from secrets import token_hex

                private[key] = token_hex(SECRET_BYTES)
    return replace(bindings, secrets=private)


def _pair(key: str, kind: Callable[[str], Any]) -> tuple[str, Any]:
    service, _, name = key.partition(" ")
    return service, kind(name)


def this_command() -> str:
    """The command line as the user typed it, for others who wait for it; without values that may be private."""
    return " ".join(["devenv", *(word for word in sys.argv[1:] if not word.startswith("-"))][:3])
