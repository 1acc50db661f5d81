"""A redis index for each process of tests, flushed between them; touches no index in which somebody else has keys."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from devenv.errors import DevenvError, ProjectBusyError
from devenv.probes.connection import Connection, Deadline
from devenv.probes.redis import encoded
from devenv.state import State
from devenv.testing.environment import Environment

INDEXES = 16
"""As many as a redis has without being told otherwise (`databases` in redis.conf)."""
_TIMEOUT = 10.0


@dataclass
class Index:
    """One process's own index."""

    url: str
    number: int
    _port: int = field(repr=False)
    _password: str = field(repr=False)
    _end: contextlib.ExitStack = field(default_factory=contextlib.ExitStack, repr=False)

    def renamed(self, env: Mapping[str, str]) -> dict[str, str]:
        """Of an environment what is other here."""
        address = re.compile(rf"(:{self._port}/)0(?!\d)")
        return {key: address.sub(rf"\g<1>{self.number}", value) for key, value in env.items() if address.search(value)}

    def reset(self) -> None:
        """Remove every key of it."""
        self._ask(["FLUSHDB"])

    def close(self) -> None:
        """Leave it empty."""
        self.reset()
        self._end.close()

    def take(self, state: State, service: str) -> bool:
        """Make an index of a redis that others use ours, if nobody has a key in it but a run that was killed."""
        name = f"tests-{service}-{self.number}"
        try:
            self._end.enter_context(state.lock("tests", timeout=0, waiting=lambda holder: None, name=f"{name}.lock"))
        except ProjectBusyError:
            return False
        if self._ask(["DBSIZE"]) != [":0"] and not state.load(name):
            self._end.close()
            return False
        state.save(name, True)
        self._end.callback(state.save, name, False)
        self.reset()
        return True

    def _ask(self, *commands: list[str]) -> list[str]:
        """Send commands and give their one-line answers. Raises `DevenvError` for an error."""
        login = [["AUTH", self._password]] if self._password else []
        every = [*login, ["SELECT", str(self.number)], *commands]
        with Connection("127.0.0.1", self._port, Deadline(_TIMEOUT)) as connection:
            connection.send(b"".join(encoded(*words) for words in every))
            answers = [connection.read_until(b"\r\n").decode(errors="replace").strip() for _ in every]
        for command, answer in zip(every, answers, strict=True):
            if answer.startswith("-"):
                raise DevenvError(f"redis refuses {command[0]}: {answer[1:]}")
        return answers[len(every) - len(commands) :]


def open_index(environment: Environment) -> Index:
    """This process's index. Raises `DevenvError` where there is none for it."""
    service = environment.service("redis")
    password, port = environment.value(service, "password"), environment.port(service, "redis")

    def index(number: int) -> Index:
        login = f":{password}@" if password else ""
        return Index(f"redis://{login}127.0.0.1:{port}/{number}", number, port, password)

    if not environment.shared:
        if environment.run.number >= INDEXES:
            hint = f"use at most {INDEXES} workers: -n {INDEXES}"
            raise DevenvError(f"redis has {INDEXES} indexes, too few for `{environment.run.worker}`", hint=hint)
        found = index(environment.run.number)
        found.reset()
        return found
    for number in reversed(range(1, INDEXES)):
        if (found := index(number)).take(environment.session.project.state, service.name):
            return found
    raise DevenvError("no index of the running redis is empty", hint="flush one of 1 to 15: devenv connect redis")
