"""Processes as instances of services, for those who start and wait: each known by its program's name."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from devenv.artifacts.names import owner_of, setup_names
from devenv.engines.native import logs
from devenv.engines.native.client import Supervision
from devenv.engines.native.program import Program, Seen
from devenv.engines.native.providers.base import Served
from devenv.errors import EngineError
from devenv.process import capture, shell_code
from devenv.stack import Service, Text

GRACE = 10.0
LONGEST_STOP = 300.0
"""Seconds that a supervisor is waited for that ends services: each has its own grace, and an end by force after it."""
_POLL = 0.02


@dataclass(frozen=True)
class Processes:
    """The runtime of the native engine: see `Runtime`. An instance is the name of a program."""

    supervision: Supervision
    served: Mapping[str, Served]

    @property
    def here(self) -> bool:
        """All of it is."""
        return True

    def start(self, service: Service, instance: str) -> None:
        """Make ready what it needs, start it, and do what has to be done before its first client."""
        server = self.served[service.name]
        if instance != service.name:
            self._start_setup(service, instance)
            return
        if self._seen(instance).alive:
            return
        try:
            self._start(service, server)
        except OSError as error:
            where = error.filename or server.place.base
            raise EngineError(f"can't make `{service.name}` ready: {error.strerror}", where=str(where)) from error

    def _start(self, service: Service, server: Served) -> None:
        server.place.write_files()
        program = server.prepare(self.run)
        program = replace(
            program,
            grace=min(program.grace, server.place.grace),
            needs=tuple(service.needs),
            keep=service.role == "sidecar",
            digest=server.digest,
        )
        seen = self.supervision.start(program)
        server.opened(seen, self.run)

    def exit_code(self, instance: str) -> int | None:
        """The code that its process ended with, 128 and more for a signal; None while it has not."""
        seen = self._seen(instance)
        return None if seen.alive or seen.code is None else shell_code(seen.code)

    def ended(self, instance: str) -> str | None:
        """How its process ended; None while it runs."""
        return how(self._seen(instance))

    def age(self, instance: str) -> float | None:
        """Seconds since its process was started."""
        seen = self._seen(instance)
        return time.time() - seen.started if seen.state == "running" else None

    def running(self, instances: Collection[str]) -> set[str]:
        """Those whose process is there."""
        return {name for name, seen in self.supervision.seen().items() if name in instances and seen.alive}

    def inside(self, service: Service, instance: str, command: Sequence[Text], timeout: float) -> tuple[int, str]:
        """Run a command beside it, with its environment."""
        server = self.served[service.name]
        found = server.command([server.place.text(word) for word in command])
        return capture(found.words, timeout=timeout, env=found.env, folder=found.folder)

    def tail(self, instance: str, *, lines: int, this_run: bool = False) -> list[str]:
        """The last lines of its log."""
        return logs.tail(self._log(instance), lines=lines, start=self._seen(instance).log_from if this_run else 0)

    def run(self, program: Program, timeout: float) -> tuple[int, str]:
        """Run a program to its end under the supervisor, so that it is ended with everything else; see `Run`."""
        Path(program.log).unlink(missing_ok=True)
        self.supervision.start(program)
        deadline = time.monotonic() + timeout
        pause = threading.Event()
        while (seen := self._seen(program.name)).alive and time.monotonic() < deadline:
            pause.wait(_POLL)
        late = seen.alive
        self.supervision.stop([program.name], remove=True, timeout=program.grace + GRACE)
        said = "\n".join(logs.tail(Path(program.log), lines=200))
        return (-1 if late or seen.code is None else shell_code(seen.code)), said

    def _start_setup(self, service: Service, instance: str) -> None:
        from devenv.engines.native.app import App

        app = self.served[service.name]
        assert isinstance(app, App)
        words = [app.place.text(word) for word in service.setup[setup_names(service).index(instance)]]
        program = app.program(words, name=instance)
        Path(program.log).unlink(missing_ok=True)
        self.supervision.stop([instance], remove=True, timeout=GRACE)
        self.supervision.start(program)

    def _seen(self, instance: str) -> Seen:
        return self.supervision.seen().get(instance) or Seen(instance, "ended")

    def _log(self, instance: str) -> Path:
        return self.served[owner_of(instance)].place.log(instance)


def how(seen: Seen) -> str | None:
    """How a program ended, in words; None while it runs or will run again."""
    if seen.alive:
        return None
    if seen.code is None:
        return "it does not run"
    left = f", and left {seen.left} processes behind: it has to stay in the foreground" if seen.left else ""
    return f"it ended with exit code {shell_code(seen.code)}{left}"
