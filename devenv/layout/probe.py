"""Files that an editor makes for a moment, to see whether it may: tells them, waits for their end, touches none.

Vim's are empty, and in the folder of the saved file: the first number that is free of 4913, 5036, … (buf_write in its
bufwrite.c). One that stays is a file like any other, so only a young one is taken for a probe.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable

_FIRST, _STEP = 4913, 123
_YOUNG = 0.1
"""Seconds; vim takes its own away at once."""
_PAUSE = 0.002


def is_probe(name: str, seen: os.stat_result) -> bool:
    """Whether a file that was seen just now is one."""
    return seen.st_size == 0 and has_name(name) and 0 <= time.time() - seen.st_ctime < _YOUNG


def wait(paths: Iterable[str]) -> None:
    """Wait until each of the paths that is one is gone, or no longer young."""
    for path in paths:
        name = os.path.basename(path)  # noqa: PTH119 - hot
        while has_name(name) and _is_there(path, name):
            time.sleep(_PAUSE)


def has_name(name: str) -> bool:
    """Whether a probe may be called so."""
    if not (name.isascii() and name.isdecimal()) or name[0] == "0":
        return False
    number = int(name)
    return number >= _FIRST and (number - _FIRST) % _STEP == 0


def _is_there(path: str, name: str) -> bool:
    try:
        return is_probe(name, os.lstat(path))
    except OSError:
        return False
