"""Talking to a project's supervisor: starts one where there is none, asks, and clears away what a dead one left."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import signal
import socket
import stat
import sys
import tempfile
import threading
import time
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from devenv.engines.native import identity
from devenv.engines.native.account import SYSTEM
from devenv.engines.native.program import Program, Seen
from devenv.engines.native.record import Record
from devenv.errors import DevenvError, EngineError
from devenv.process import detach
from devenv.project import Project

LONGEST_SOCKET = 103
"""Bytes that the path of a Unix socket may have everywhere (unix(7): 107 on Linux; 103 on macOS and the BSDs)."""
_LOG = "supervisor.log"
_ANSWER = 10.0
_LOCK = "supervisor.lock"
"""Held while one is started: several threads may find at once that there is none."""
_LAST_WORDS, _ENDING = 1.0, 60.0
"""Seconds in which a supervisor that answers no more has ended, by itself and when it is told to."""
_LEFTOVERS = 5.0
"""Seconds that leftovers may take to end when they are asked to."""


@dataclass(frozen=True)
class Supervision:
    """One project's supervisor, there or not."""

    project: Project

    @property
    def mark(self) -> str:
        """By which the project's processes are known: one folder may be a project of several homes of state."""
        return f"{self.project.id}-{own_digest(self.project)[:8]}"

    @property
    def of_root(self) -> Path:
        """Where its servers keep their data that root may not run."""
        return SYSTEM / self.mark

    @property
    def folders(self) -> tuple[str, str]:
        """Where its servers work: nobody else does."""
        return os.path.realpath(self.project.state.folder / "native"), str(self.of_root)

    @property
    def _record(self) -> Record:
        return Record(self.project.state.folder)

    def seen(self) -> dict[str, Seen]:
        """What is known of each program, by the supervisor or, where none is there, by its last note."""
        try:
            answer = self._ask({"do": "list"})
        except OSError:
            noted = self._record.load()
            return {program.name: _bereft(program) for program in noted.programs}
        return {value["name"]: Seen(**value) for value in answer["programs"]}

    def start(self, program: Program) -> Seen:
        """Start a program. Raises `EngineError` where it can't be."""
        request = {"do": "start", "program": asdict(program)}
        try:
            answer = self._ask(request)
        except OSError:  # it was about to end, as nothing was left for it to do
            self.ensure()
            try:
                answer = self._ask(request)
            except OSError as error:
                log = self.project.state.folder / _LOG
                raise EngineError("the supervisor does not come up", where=str(log)) from error
        if "error" in answer:
            raise EngineError(f"`{program.name}` can't be started: {answer['error']}")
        return Seen(**answer["program"])

    def stop(self, names: Collection[str], *, remove: bool, timeout: float) -> None:
        """End programs, each after those that need it, and wait for that."""
        with contextlib.suppress(OSError):
            self._ask({"do": "stop", "names": list(names), "remove": remove}, timeout)
            return
        self._await_end()
        self.clear()
        self._forget(names if remove else ())

    def arm(self, names: Iterable[str]) -> None:
        """From now on these are started again when they end by themselves."""
        with contextlib.suppress(OSError):
            self._ask({"do": "arm", "names": list(names)})

    def leave(self) -> None:
        """Let the supervisor go if it keeps nothing any more, and wait for that."""
        with contextlib.suppress(OSError):
            self._ask({"do": "leave"})
        if not any(program.alive for program in self._record.load().programs):
            self._await_end()

    def ensure(self) -> None:
        """Make sure that there is a supervisor, and nothing that an earlier one lost. Raises `DevenvError`.

        A copy that is being removed gets none: whoever still starts something for it has missed its end.
        """
        if self.project.original and (self.project.state.load("copy") or {"ending": True}).get("ending"):
            raise EngineError("this copy of the project is being removed")
        with self.project.state.lock("devenv", timeout=_ANSWER, waiting=lambda holder: None, name=_LOCK):
            try:
                self._ask({"do": "list"})
            except OSError:
                self._begin()

    def _begin(self) -> None:
        self._await_end()
        self.clear()
        path = self.socket
        path.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
            path.chmod(0o600)
            listener.listen(64)
            state = self.project.state
            log = state.write(_LOG, "")
            module = "devenv.engines.native.supervisor"
            # -P: no file of the project's is taken for a module
            command = [sys.executable, "-P", "-m", module, str(path), str(state.folder), str(self.project.root)]
            detach(command, log, handing=listener.fileno())

    def clear(self) -> list[int]:
        """End what a supervisor that was killed has left; gives the processes that there were.

        A process is taken for one of ours by its pid and start, by the session that such a one led, or by the mark in
        its environment: never by its pid alone.
        """
        noted = self._record.load()
        if not noted.abandoned:
            return []
        found: dict[int, int] = dict.fromkeys(identity.marked(self.mark, self.folders), signal.SIGTERM)
        for program in noted.programs:
            now = identity.identity(program.pid) if program.pid else None
            if now == program.identity:
                found |= dict.fromkeys(identity.in_session(program.pid), signal.SIGTERM) | {program.pid: program.stop}
        for pid, number in found.items():
            identity.send([pid], number)
        _wait_for_end(found, _LEFTOVERS)
        identity.kill([pid for pid in found if identity.identity(pid)])
        _wait_for_end(found, _LEFTOVERS)
        self._record.save(map(_bereft, noted.programs), keeper=0)
        return sorted(found)

    @property
    def socket(self) -> Path:
        """The socket's path, in a folder of ours that is short enough for it."""
        return self.runtime / "supervisor"

    @property
    def runtime(self) -> Path:
        """The project's folder for sockets: short, private, gone when the machine starts anew."""
        return runtime_folder(self.project)

    def _await_end(self) -> None:
        """One that answers no more has nothing left to keep: its last words must not come after ours.

        Or somebody has removed its socket, as cleaners of temporary files do: then it is told to end all it keeps.
        """
        if self._is_over(_LAST_WORDS):
            return
        noted = self._record.load()
        identity.send([noted.pid] if noted.supervised else [], signal.SIGTERM)
        if not self._is_over(_ENDING):
            raise EngineError(f"the supervisor (process {noted.pid}) does not answer", hint="end it, and try again")

    def _is_over(self, timeout: float) -> bool:
        deadline = time.monotonic() + timeout
        pause = threading.Event()
        while (supervised := self._record.load().supervised) and time.monotonic() < deadline:
            pause.wait(0.005)
        return not supervised

    def _forget(self, names: Collection[str]) -> None:
        programs = self._record.load().programs
        self._record.save([program for program in map(_bereft, programs) if program.name not in names], keeper=0)

    def _ask(self, request: dict[str, Any], timeout: float = _ANSWER) -> dict[str, Any]:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(timeout)
            connection.connect(str(self.socket))
            connection.sendall(json.dumps(request).encode() + b"\n")
            read = b""
            while not read.endswith(b"\n"):
                data = connection.recv(1 << 16)
                if not data:
                    raise ConnectionResetError
                read += data
        answer: dict[str, Any] = json.loads(read)
        return answer


def own_digest(project: Project) -> str:
    """Stands for a project and its home of state."""
    return hashlib.sha256(f"{project.id} {project.state.folder}".encode(errors="surrogateescape")).hexdigest()


def runtime_folder(project: Project) -> Path:
    """Below $XDG_RUNTIME_DIR where that is, else in the folder for temporary files; made where it is not there.

    Raises `DevenvError` where it is another user's: whoever owns it could listen in our place.
    """
    digest = own_digest(project)[:12]
    given = os.environ.get("XDG_RUNTIME_DIR", "")
    for base in (Path(given) / "devenv" if given else None, Path(tempfile.gettempdir()) / f"devenv-{os.getuid()}"):
        if base is None or len(os.fsencode(base / digest)) + len("/.s.PGSQL.65535.lock") > LONGEST_SOCKET:
            continue
        try:
            return _private(base, digest)
        except OSError:
            continue
    return _private(Path(f"/tmp/devenv-{os.getuid()}"), digest)  # noqa: S108 - owner and mode are looked at


def _private(base: Path, name: str) -> Path:
    base.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = base.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise DevenvError(
            "the folder for sockets belongs to somebody else", where=str(base), hint="set XDG_RUNTIME_DIR"
        )
    if stat.S_IMODE(found.st_mode) & 0o022:
        base.chmod(0o700)
    folder = base / name
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _bereft(program: Seen) -> Seen:
    """A program as the note has it, now that nobody keeps it."""
    if program.alive and identity.identity(program.pid) != program.identity:
        return replace(program, state="ended", told=False)
    return program


def _wait_for_end(pids: Iterable[int], timeout: float) -> None:
    deadline = time.monotonic() + timeout
    pause = threading.Event()
    left = set(pids)
    while left and time.monotonic() < deadline:
        left = {pid for pid in left if identity.identity(pid)}
        pause.wait(0.01)
