"""What happens to processes and what they write, told for as long as somebody watches; acts on nothing."""

from __future__ import annotations

import threading
from pathlib import Path

from devenv.engines.live import Happening, Heard, Instances, Told
from devenv.engines.native import logs
from devenv.engines.native.client import Supervision
from devenv.engines.native.program import Seen
from devenv.process import shell_code

_LOOK = 0.3
"""Seconds between two looks at what runs."""


class Happenings:
    """Looks in a thread of its own: see `Listener`."""

    def __init__(self, supervision: Supervision, heard: Heard) -> None:
        self._supervision, self._heard = supervision, heard
        self._end = threading.Event()
        threading.Thread(target=self._run, name="devenv-processes", daemon=True).start()

    def close(self) -> None:
        """Tell nothing any more."""
        self._end.set()

    def _run(self) -> None:
        before = self._supervision.seen()
        while not self._end.wait(_LOOK):
            now = self._supervision.seen()
            for name, seen in now.items():
                self._compare(name, before.get(name), seen)
            before = now

    def _compare(self, name: str, before: Seen | None, seen: Seen) -> None:
        ended = not seen.alive or seen.restarts > (before.restarts if before else 0)
        if before and before.alive and ended and not seen.told:
            self._heard(Happening("die", name, shell_code(seen.code or 0)))
        elif seen.alive and (before is None or before.pid != seen.pid):
            self._heard(Happening("start", name))


class Follower:
    """Reads the logs in a thread each: see `Follower` of `engines.live`."""

    def __init__(self, folder: Path, told: Told) -> None:
        self._folder, self._told = folder, told
        self._followed: set[str] = set()
        self.busy = True

    def see(self, observed: Instances) -> None:
        """Follow each service's log from now on; a later process of it goes on in the same one."""
        self.busy = any(instance.running for found in observed.values() for instance in found)
        for name in observed:
            if name not in self._followed:
                self._followed.add(name)
                threading.Thread(target=self._pump, args=(name,), daemon=True).start()

    def _pump(self, name: str) -> None:
        for service, line in logs.follow({name: self._folder / f"{name}.log"}, lambda: False, lines=0):
            self._told(service, line)
