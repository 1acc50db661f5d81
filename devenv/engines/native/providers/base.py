"""What a server of the native engine has to say for itself; one that says nothing special is served by this alone."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Protocol

from devenv.engines import Command
from devenv.engines.native.find import Found, MissingError, candidates, difference, table
from devenv.engines.native.place import Place
from devenv.engines.native.program import Program, Seen
from devenv.errors import EngineError

OPENING = 60.0
"""Seconds that what comes before the first client may take."""
_LOOK = 0.1
"""Seconds between two questions whether it runs still, while it is waited for."""
Run = Callable[[Program, float], tuple[int, str]]
"""Runs a program to its end by the supervisor: gives its exit code (-1: none in so many seconds) and what it wrote."""


class Served(Protocol):
    """What the engine asks of whatever serves a service: a `Server` or an `App`."""

    @property
    def place(self) -> Place:
        """Where it is."""

    @property
    def shown(self) -> str:
        """What it is, in a few words."""

    @property
    def differs(self) -> tuple[str, ...]:
        """How that differs from what was asked for."""

    @property
    def digest(self) -> str:
        """Changes with all that makes a running one out of date."""

    def prepare(self, run: Run) -> Program:
        """Make its data and files ready, and give the program to start. Raises `DevenvError`."""

    def opened(self, seen: Seen, run: Run) -> None:
        """What has to be done between its start and the first client. Raises `EngineError`."""

    def command(self, words: Sequence[str]) -> Command:
        """What runs a command as if it ran beside it."""


@dataclass(frozen=True)
class Server:
    """One sidecar, served by a program that was found."""

    place: Place
    found: Found

    row: ClassVar[str]
    """Its row in providers.toml."""

    remedy: ClassVar[str] = ""
    """What helps where a server lacks something that was asked for."""

    @classmethod
    def choose(cls, place: Place) -> Found:
        """The server for this place. Raises `MissingError`, and `InputError` where the user chose what isn't one."""
        for found in cls.options(place):
            return found
        raise cls.missing(place)

    @classmethod
    def options(cls, place: Place) -> Iterator[Found]:
        """All that could serve it, the one to take first, each with how it differs. Raises `InputError`."""
        assert place.service.native
        for found in cls.available(place.service.native.path):
            yield replace(found, differs=difference(place.service.image or "", found))

    @classmethod
    def available(cls, chosen: str | None = None) -> Iterator[Found]:
        """All such servers of this machine, in their order; only the one that was `chosen`, where one was."""
        return candidates(table()[cls.row], chosen)

    @classmethod
    def missing(cls, place: Place) -> MissingError:
        """That nothing serves it."""
        return MissingError(f"nothing here serves `{place.service.name}`", hint=f"install {cls.install()}")

    @classmethod
    def install(cls) -> str:
        """What to install where there is none."""
        return table()[cls.row].install

    @property
    def shown(self) -> str:
        """Which server it is."""
        return self.found.shown

    @property
    def differs(self) -> tuple[str, ...]:
        """How it differs from the image."""
        return self.found.differs

    @property
    def digest(self) -> str:
        """Changes with its settings, and with the program."""
        found = self.found
        return self.place.digest(f"{found.program} {found.version}" + (f" {found.page}" if found.page else ""))

    def prepare(self, run: Run) -> Program:
        """Make its data and files ready, and give the program to start. Raises `EngineError`."""
        raise NotImplementedError

    def opened(self, seen: Seen, run: Run) -> None:
        """What has to be done between its start and the first client. Raises `EngineError`."""

    def wait(self, seen: Seen, lacks: Callable[[], str], every: float) -> bool:
        """Ask it every so many seconds what it does not do yet, until that is nothing; False: its process ended.

        Raises `EngineError` with that where it takes too long.
        """
        deadline = time.monotonic() + OPENING
        pause = threading.Event()
        look_at = time.monotonic()
        while lacking := lacks():
            if time.monotonic() > look_at:
                look_at = time.monotonic() + _LOOK
                now = self.place.supervision.seen().get(self.place.service.name)
                if now is None or not now.alive or now.pid != seen.pid:
                    return False
            if time.monotonic() > deadline:
                raise EngineError(f"`{self.place.service.name}` does not {lacking}")
            pause.wait(every)
        return True

    def arguments(self) -> list[str]:
        """The service's command without the program's name, paths of the image replaced."""
        words = [self.place.text(word) for word in self.place.service.command or ()]
        return words[1:] if words and not words[0].startswith("-") else words

    def command(self, words: Sequence[str]) -> Command:
        """What runs a command as if it ran beside the server."""
        path = f"{self.found.program.parent}:{self.place.environment().get('PATH', '')}"
        env = self.place.environment({"PATH": path})
        program = self.found.beside(words[0])
        first = str(program) if program.is_file() else words[0]
        return Command((first, *words[1:]), env, Path(self.place.project.root))
