"""What programs wrote, read from their files as they grow, as lines without terminal escapes; writes nothing."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from devenv.engines.escapes import clean
from devenv.engines.native.log import predecessor

_INTERVAL = 0.05
_BLOCK = 1 << 16
_BLOCKS = 16
"""Blocks that are read of one log before the others have their turn."""
_LONGEST = 1 << 16
"""Bytes after which a line is told in parts: a program may never end one."""


def tail(path: Path, *, lines: int, start: int = 0) -> list[str]:
    """The last lines of a log, from the byte `start` of its file on; of its predecessor too where that is 0."""
    found: list[str] = []
    for each in (path, *((predecessor(path),) if not start else ())):
        found = _last(each, lines - len(found), start) + found
        if len(found) >= lines:
            break
    return found


def follow(paths: Mapping[str, Path], ends: Callable[[], bool], *, lines: int) -> Iterator[tuple[str, str]]:
    """The last lines of each log, then every new one of all, until `ends` says so and all is read."""
    for name, path in paths.items():
        yield from ((name, line) for line in tail(path, lines=lines))
    readers = {name: _Reader(path) for name, path in paths.items()}
    pause = threading.Event()
    while True:
        over = ends()
        for name, reader in readers.items():
            yield from ((name, line) for line in reader.lines(last=over))
        if over:
            return
        pause.wait(_INTERVAL)


class _Reader:
    """One log from its present end on, also when it begins anew."""

    def __init__(self, path: Path) -> None:
        self._path, self._handle, self._rest = path, -1, b""
        self._open()
        if self._handle >= 0:
            os.lseek(self._handle, 0, os.SEEK_END)

    def lines(self, *, last: bool) -> Iterator[str]:
        """What came since, whole lines only; the rest too where it is the `last` time."""
        blocks = 0
        while last or blocks < _BLOCKS:
            blocks += 1
            data = os.read(self._handle, _BLOCK) if self._handle >= 0 else b""
            *complete, self._rest = (self._rest + data).split(b"\n")
            for line in complete:
                yield _text(line)
            if len(self._rest) > _LONGEST:
                yield _text(self._rest)
                self._rest = b""
            if not data and not self._moved():
                break
        if last and self._rest:
            yield _text(self._rest)
            self._rest = b""

    def _moved(self) -> bool:
        try:
            now = self._path.stat()
        except OSError:
            return False
        if self._handle >= 0 and os.fstat(self._handle).st_ino == now.st_ino:
            return False
        if self._handle >= 0:
            os.close(self._handle)
        self._open()
        return self._handle >= 0

    def _open(self) -> None:
        try:
            self._handle = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            self._handle = -1


def _last(path: Path, count: int, start: int) -> list[str]:
    if count <= 0:
        return []
    try:
        with path.open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            data = b""
            while end > start and data.count(b"\n") <= count:
                begin = max(start, end - _BLOCK)
                file.seek(begin)
                data = file.read(end - begin) + data
                end = begin
    except OSError:
        return []
    return [_text(line) for line in data.splitlines()[-count:]]


def _text(line: bytes) -> str:
    return clean(line.decode(errors="replace").rstrip("\r"))
