"""Waits until nobody holds a copy of a project any more and removes what is left: python -m devenv.guardian STATE.

It is a process of its own, so that a killed command leaves nothing behind. It touches nothing but that copy.
"""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path

from devenv.errors import DevenvError
from devenv.state import State

_LOOKS = 3
_BETWEEN = 0.5
"""Seconds between two looks: what a killed command had asked the engine for may come late."""


def main(folder: Path) -> None:
    """Wait, and remove."""
    for number in (signal.SIGINT, signal.SIGHUP):  # who ends a whole group of processes ends its holders, not us
        signal.signal(number, signal.SIG_IGN)
    from devenv.copies import LOCK, left

    state = State(folder)
    with state.inherit(LOCK, wait=True) as ours:
        copy = left(state) if ours else None
        if copy is None:
            return
        from devenv.copies import clear, discard, orderly
        from devenv.engines.compose.strays import end_strays

        for _ in range(0 if orderly(state) else _LOOKS):
            end_strays(copy)
            clear(copy)
            threading.Event().wait(_BETWEEN)
        discard(copy)


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]))
    except DevenvError as error:  # the engine is gone, say: the next command tries again
        sys.exit(f"{error.message} ({error.where})")
