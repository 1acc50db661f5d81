"""Waiting until a service answers its own protocol: asks in short intervals, decides nothing about starting."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

from devenv.engines import READY, STARTING, UNHEALTHY
from devenv.engines.runtime import Runtime
from devenv.probes import Answer, Probe, attempt
from devenv.stack import Bindings, Check, Service, Vantage, bind

INTERVAL = 0.02
"""Seconds between two probes from outside."""
LONGEST_INTERVAL = 0.5
"""The same for a server that speaks and is not ready: it may log every question, and people need its log then."""
INSIDE_INTERVAL = 0.2
"""Seconds between two commands inside the instance: each starts a process there."""
ATTEMPT_TIMEOUT = 5.0
COMMAND_TIMEOUT = 30.0
_INSIDE = ("command", "log", "running")
STARTING_FOR = 60.0
"""Seconds after its start in which a service that does not answer is starting, not unhealthy."""
SETTLE = 0.3
"""Seconds that a service without any question to ask must keep running."""


@dataclass(frozen=True)
class Asker:
    """Asks one service's checks."""

    runtime: Runtime
    service: Service
    bindings: Bindings

    def ask(self, instance: str, *, timeout: float = ATTEMPT_TIMEOUT) -> Answer:
        """Every check once, until one is not answered."""
        answer = Answer(True, "running")
        for check in self.service.ready:
            answer = self._one(check, instance, timeout)
            if not answer.ok:
                break
        return answer

    def wait(
        self,
        instance: str,
        deadline: float,
        stop: threading.Event,
        told: Callable[[str], None],
        final: Collection[str] = (),
    ) -> tuple[Answer, str | None]:
        """Ask until every check is answered, the instance ends, `deadline` (monotonic) passes, or `stop` is set.

        An answer with one of the codes in `final` will not get better by waiting.

        Gives the last answer, and why it gave up (None: ready).
        """
        inside = not self.runtime.here or any(check.kind in _INSIDE for check in self.service.ready)
        looked = time.monotonic()
        last, spoken = "", 0.0
        while True:
            answer = self.ask(instance)
            if answer.ok:
                return answer, None
            if answer.code in final:
                return answer, self.runtime.ended(instance) or "refused"  # or it is somebody else who answers there
            # By a port proxy: nothing of the service itself has answered, however the proxy puts it.
            detail = "no answer yet" if answer.code in ("refused", "closed") else answer.detail
            if detail != last:
                last = detail
                told(detail)
            now = time.monotonic()
            if stop.is_set():
                return answer, "cancelled"
            if now - looked > 0.25 or inside:
                looked = now
                if ended := self.runtime.ended(instance):
                    return answer, ended
            if now > deadline:
                return answer, "no good answer in time"
            if answer.code[:1].isdigit():  # a status of the server's own
                spoken = spoken or now
            pause = min(max(INTERVAL, (now - spoken) / 10), LONGEST_INTERVAL) if spoken else INTERVAL
            stop.wait(max(pause, INSIDE_INTERVAL) if inside else pause)

    def _one(self, check: Check, instance: str, timeout: float) -> Answer:
        if check.kind == "command":
            code, output = self.runtime.inside(self.service, instance, check.command, COMMAND_TIMEOUT)
            return Answer(code == 0, _ending("the command", code, output))
        if check.kind == "log":
            wanted = dict(check.params)["text"][0]
            found = any(str(wanted) in line for line in self.runtime.tail(instance, lines=2000, this_run=True))
            return Answer(found, f"`{wanted}` is {'' if found else 'not '}in its log")
        if check.kind == "running":
            return self._running(instance)
        if not self.runtime.here:
            return self._healthy(instance)
        value = self.bindings.resolver(Vantage.HOST)
        params = tuple((name, bind(text, value)) for name, text in check.params)
        port = self.bindings.ports.get((self.service.name, check.port))
        if port is None:
            return Answer(False, f"port {check.port} is not published")
        return attempt(Probe(check.kind, check.port, params), "127.0.0.1", port, timeout=timeout)

    def _healthy(self, instance: str) -> Answer:
        """The same question asked inside, as the compose file's health check does: a weaker one, but it is answered."""
        if self.service.health is None:
            return self._running(instance)
        code, output = self.runtime.inside(self.service, instance, self.service.health.command, COMMAND_TIMEOUT)
        last = output.strip().splitlines()[-1:] or [""]
        said = f": {last[0][:200]}" if last[0] else ""
        return Answer(
            code == 0, "its health check passes" if code == 0 else f"its health check exits with {code}{said}"
        )

    def _running(self, instance: str) -> Answer:
        age = self.runtime.age(instance)
        if age is None:
            return Answer(False, "it does not run")
        return Answer(age >= SETTLE, "running" if age >= SETTLE else "it has just started")


def standing(answer: Answer, age: float) -> tuple[str, str]:
    """What a service that runs for so many seconds is by its answer, and why it is not ready where it is not."""
    if answer.ok:
        return READY, ""
    return STARTING if age < STARTING_FOR else UNHEALTHY, answer.detail


def _ending(what: str, code: int, output: str) -> str:
    """How a command ended, with the last of what it said."""
    last = output.strip().splitlines()[-1:] or [""]
    return f"{what} exits with {code}" + (f": {last[0][:200]}" if last[0] else "")
