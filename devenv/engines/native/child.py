"""One program of the supervisor: started, its output written down, ended in steps, started again; knows no others."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from devenv.engines.native import identity
from devenv.engines.native.log import LogFile
from devenv.engines.native.program import MARK, Program, Seen
from devenv.process import Spawned, spawn

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 10.0
"""Seconds before the first restart of what ended by itself, which double with every later one, and at most."""
CALM = 10.0
"""Seconds after which a program that ends again has run well, so that its pauses begin anew."""
_PIECE = 65536
_LAST_PIECES = 16
"""Pieces that are read at once when a program has ended: more than a pipe holds, whatever it left goes on writing."""
LAST_GRACE = 2.0
"""Seconds between what a program may take and the end by force for all that is left of it."""
_PR_SET_PDEATHSIG = 1  # linux/prctl.h

_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass
class Child:
    """A program and its process. Times are by the monotonic clock but for `started` and `ended`."""

    program: Program
    orphans: Callable[[], Iterable[int]] = list  # of all programs
    armed: bool = False
    stopping: bool = False
    remove: bool = False
    calm: float = CALM
    pause: float = 0.0
    again_at: float | None = None
    force_at: float | None = None
    started: float = 0.0
    ended: float = 0.0
    code: int | None = None
    restarts: int = 0
    left: int = 0
    log_from: int = 0
    identity: str = ""
    process: Spawned | None = None
    output: int | None = None
    _log: LogFile | None = None
    _signalled: bool = False
    _since: float = field(default=0.0)

    def start(self) -> None:
        """Start the process, leader of a session and a group of its own. Raises OSError."""
        self._log = self._log or LogFile(Path(self.program.log))
        reading, writing = os.pipe()
        try:
            self.process = spawn(
                self.program.argv,
                env=self.program.env,
                folder=Path(self.program.folder),
                output=writing,
                user=self.program.user,
                group=self.program.group,
                inside=_die_with(self.program.stop),
            )
        except BaseException:
            os.close(reading)
            raise
        finally:
            os.close(writing)
        os.set_blocking(reading, False)
        self.output = reading
        self.identity = identity.identity(self.process.pid) or ""
        self.started, self._since, self.log_from = time.time(), time.monotonic(), self._log.size
        self.code, self.again_at, self.force_at, self.left, self._signalled = None, None, None, 0, False

    @property
    def pid(self) -> int:
        """The process, also when it is gone; 0 before the first."""
        return self.process.pid if self.process else 0

    @property
    def runs(self) -> bool:
        """Whether its process is there."""
        return self.process is not None and self.code is None

    @property
    def alive(self) -> bool:
        """Whether something of it is there, or will be."""
        return self.runs or self.again_at is not None or self.force_at is not None

    def pump(self) -> bool:
        """Write down what it wrote since; gives whether more may come."""
        data = self._read()
        if data == b"":
            self.close_output()
        return self.output is not None

    def close_output(self) -> None:
        """Listen to it no more."""
        if self.output is not None:
            os.close(self.output)
            self.output = None

    def ask_to_end(self) -> None:
        """Send its signal to its group, once; what is left after its grace ends by force."""
        if self._signalled or not self.runs:
            self.again_at = None
            return
        self._signalled = True
        identity.send_group(self.pid, self.program.stop)
        self.force_at = time.monotonic() + self.program.grace

    def reap(self) -> bool:
        """See whether its process has ended; gives whether it just did."""
        if not self.runs or self.process is None or self.process.poll() is None:
            return False
        self.code, self.ended = self.process.returncode, time.time()
        for _ in range(_LAST_PIECES):  # its last words are there before anybody hears that it has ended
            if not self._read():
                break
        left = self._members()
        self.left = 0 if self.stopping else len(left)
        if left:
            identity.send(left, signal.SIGTERM)
            self.force_at = time.monotonic() + LAST_GRACE
        else:
            self.force_at = None
        if self.program.keep and self.armed and not self.stopping and self.code != 0:
            self.restarts += 1
            calm = time.monotonic() - self._since > self.calm
            self.pause = min(self.pause * 2, LONGEST_PAUSE) if self.pause and not calm else FIRST_PAUSE
            self.again_at = time.monotonic() + self.pause
        return True

    def tick(self, now: float) -> bool:
        """End by force what had its time; gives whether it is time to start it again."""
        if self.force_at is not None and not self.runs and not self._members():
            self.force_at = None
        if self.force_at is not None and now >= self.force_at:
            if self.runs:
                identity.send_group(self.pid, signal.SIGKILL)
            identity.kill(self._members())
            self.force_at = now + LAST_GRACE
        return self.again_at is not None and self.force_at is None and now >= self.again_at

    def failed(self, error: OSError) -> None:
        """Take down that it can't be started again."""
        self.code, self.ended, self.again_at = 127, time.time(), None
        if self._log:
            self._log.write(f"devenv: it can't be started again: {error.strerror}\n".encode())

    def due(self) -> float | None:
        """When `tick` wants to be called; None for not at all."""
        if self.force_at is not None and not self.runs:
            return min(self.force_at, time.monotonic() + 0.05)  # for what it left to go
        return min((moment for moment in (self.force_at, self.again_at) if moment is not None), default=None)

    def seen(self) -> Seen:
        """What to tell of it."""
        state = "running" if self.runs else "waiting" if self.again_at is not None else "ended"
        if self.alive and (self.stopping or state == "ended"):
            state = "stopping"
        return Seen(
            self.program.name,
            state,
            self.program.digest,
            self.pid,
            self.identity,
            self.started,
            self.ended,
            self.code,
            self.restarts,
            self.log_from,
            self.left,
            self.stopping,
            self.program.stop,
            self.armed,
        )

    def close(self) -> None:
        """Let go of its log."""
        self.close_output()
        if self._log:
            self._log.close()
            self._log = None

    def _read(self) -> bytes | None:
        """Write down a piece of what it wrote, and give it: nothing at its end, None where there is none yet."""
        if self.output is None:
            return None
        try:
            data = os.read(self.output, _PIECE)
        except BlockingIOError:
            return None
        except OSError:
            return b""
        if self._log and self._log.write(data):
            self.log_from = 0
        return data

    def _members(self) -> list[int]:
        """What is there of it beside its process: its session, and what it sent to the background."""
        foreign = not self.runs and identity.identity(self.pid)  # somebody else has its number by now
        found = set() if foreign else set(identity.in_session(self.pid))
        if orphans := [pid for pid in self.orphans() if pid not in found]:
            found |= set(identity.marked(self.program.env[MARK], [os.path.realpath(self.program.folder)], orphans))
        return sorted(found - ({self.pid} if self.runs else set()))


def _die_with(number: int) -> Callable[[], None] | None:
    """What a new process does before its program begins: ask the kernel to be told to end when the supervisor does.

    Linux only (prctl(2), PR_SET_PDEATHSIG); elsewhere the next command ends what is left.
    """
    libc = _libc
    if libc is None:
        return None
    parent = os.getpid()

    def ask() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, number)
        if os.getppid() != parent:
            os._exit(1)

    return ask
