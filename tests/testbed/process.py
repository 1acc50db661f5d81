"""Recognises and stops one process by its id and start time; never by its name."""

from __future__ import annotations

import json
import os
import signal
import time
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Process:
    """A process id together with its start time, which no later process of the same id shares."""

    pid: int
    started: int

    @classmethod
    def read(cls, record: Path) -> Process | None:
        """The recorded process, whether or not it still runs; None without a readable record."""
        try:
            content = json.loads(record.read_text())
            return cls(int(content["pid"]), int(content["started"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    @classmethod
    def of(cls, pid: int) -> Process | None:
        """The process that has this id now; None if there is none, or only its remains."""
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            return None
        fields = stat.rpartition(")")[2].split()
        return None if fields[0] in "ZX" else cls(pid, int(fields[19]))

    def write(self, record: Path) -> None:
        record.write_text(json.dumps(asdict(self)))

    def alive(self) -> bool:
        return Process.of(self.pid) == self

    def stop(self, seconds: float) -> bool:
        """Ask it to end and wait; after the time it is killed. True if it went by itself."""
        if not self._signal(signal.SIGTERM) or self.wait(seconds):
            return True
        self._signal(signal.SIGKILL)
        self.wait(5)
        return False

    def wait(self, seconds: float) -> bool:
        """Wait until it has ended; False if it outlives the time."""
        end = time.monotonic() + seconds
        while self.alive():
            if time.monotonic() > end:
                return False
            time.sleep(0.05)
        return True

    def _signal(self, number: signal.Signals) -> bool:
        if not self.alive():
            return False
        try:
            os.kill(self.pid, number)
        except ProcessLookupError:
            return False
        return True
