"""A pseudo-terminal with a program in it, for what only shows before a person; knows nothing of devenv."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Terminal:
    """A running program, and all that it has written so far."""

    process: subprocess.Popen[bytes]
    master: int
    written: bytes = b""
    _read: bool = field(default=True)

    @property
    def text(self) -> str:
        """All that was written, with its escape sequences."""
        return self.written.decode(errors="replace")

    def wait_for(self, text: str, seconds: float = 60) -> None:
        """Read until the text is there."""
        end = time.monotonic() + seconds
        while text not in self.text:
            assert time.monotonic() < end, f"`{text}` did not come within {seconds:g} s: {self.text}"
            assert self._more(0.2) or self.process.poll() is None, f"ended without `{text}`: {self.text}"

    def type(self, text: str) -> None:
        """Press keys; `\\x03` is Ctrl-C."""
        os.write(self.master, text.encode())

    def end(self, seconds: float = 60) -> int:
        """Read to the end and give the exit code."""
        end = time.monotonic() + seconds
        while self._more(0.1) or self.process.poll() is None:
            assert time.monotonic() < end, f"no end within {seconds:g} s: {self.text}"
        return self.process.wait(5)

    def _more(self, seconds: float) -> bool:
        """Read what is there; False if nothing came or nothing will."""
        if not self._read or not select.select([self.master], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self.master, 65536)
        except OSError:  # Linux: the other side is closed
            data = b""
        self._read = bool(data)
        self.written += data
        return bool(data)


@contextmanager
def terminal(argv: Sequence[str], cwd: Path, env: Mapping[str, str]) -> Iterator[Terminal]:
    """Run a program with a terminal of its own as stdin, stdout and stderr; it is killed at the end of the block."""
    master, slave = pty.openpty()
    try:
        process = subprocess.Popen(
            ["setsid", "--ctty", *argv],
            cwd=cwd,
            env={**env, "TERM": "xterm-256color"},
            stdin=slave,
            stdout=slave,
            stderr=slave,
        )
        os.close(slave)
        with process:
            try:
                yield Terminal(process, master)
            finally:
                process.kill()
    finally:
        os.close(master)
