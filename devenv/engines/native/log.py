"""A program's log: a file of bounded size that the supervisor fills, read from outside as it grows; formats nothing."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

LARGEST = 10 * 1024 * 1024
"""Bytes after which a log becomes its own predecessor: at most twice as many are kept of a program."""


def predecessor(path: Path) -> Path:
    """Where a log goes when it is full."""
    return path.with_name(f"{path.name}.1")


class LogFile:
    """Written in pieces as they come. What a full disk does not take is lost, and the program goes on."""

    def __init__(self, path: Path) -> None:
        """Raises OSError."""
        self._path = path
        self._handle = self._open()
        self.size = os.fstat(self._handle).st_size

    def write(self, data: bytes) -> bool:
        """Add to the log; gives whether it began anew."""
        with contextlib.suppress(OSError):
            self.size += os.write(self._handle, data)
        if self.size <= LARGEST:
            return False
        with contextlib.suppress(OSError):
            self._path.replace(predecessor(self._path))
            handle = self._open()
            os.close(self._handle)
            self._handle, self.size = handle, 0
            return True
        return False

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._handle)

    def _open(self) -> int:
        return os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
