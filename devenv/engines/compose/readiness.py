"""Waiting until a service answers its own protocol: asks in short intervals, decides nothing about starting."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

from devenv.engines.compose.api import Api, ApiError
from devenv.engines.compose.exec import run_inside
from devenv.engines.compose.logs import tail
from devenv.probes import Answer, Probe, attempt
from devenv.stack import Bindings, Check, Service, Vantage, bind

INTERVAL = 0.02
"""Seconds between two probes from outside."""
LONGEST_INTERVAL = 0.5
"""The same for a server that speaks and is not ready: it may log every question, and people need its log then."""
INSIDE_INTERVAL = 0.2
"""Seconds between two commands inside the container: each starts a process there."""
ATTEMPT_TIMEOUT = 5.0
SETTLE = 0.3
"""Seconds that a service without any question to ask must keep running."""


@dataclass(frozen=True)
class Asker:
    """Asks one service's checks. `since` is the start of its container as the engine reports it."""

    api: Api
    service: Service
    bindings: Bindings

    def ask(self, container: str, *, timeout: float = ATTEMPT_TIMEOUT) -> Answer:
        """Every check once, until one is not answered."""
        answer = Answer(True, "running")
        for check in self.service.ready:
            answer = self._one(check, container, timeout)
            if not answer.ok:
                break
        return answer

    def wait(
        self,
        container: str,
        deadline: float,
        stop: threading.Event,
        told: Callable[[str], None],
        final: Collection[str] = (),
    ) -> tuple[Answer, str | None]:
        """Ask until every check is answered, the container ends, `deadline` (monotonic) passes, or `stop` is set.

        An answer with one of the codes in `final` will not get better by waiting.

        Gives the last answer, and why it gave up (None: ready).
        """
        inside = any(check.kind in ("command", "log", "running") for check in self.service.ready)
        looked = time.monotonic()
        last, spoken = "", 0.0
        while True:
            answer = self.ask(container)
            if answer.ok:
                return answer, None
            if answer.code in final:
                return answer, "refused"
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
                if ended := self.ended(container):
                    return answer, ended
            if now > deadline:
                return answer, "no good answer in time"
            if answer.code[:1].isdigit():  # a status of the server's own
                spoken = spoken or now
            pause = min(max(INTERVAL, (now - spoken) / 10), LONGEST_INTERVAL) if spoken else INTERVAL
            stop.wait(max(pause, INSIDE_INTERVAL) if inside else pause)

    def _one(self, check: Check, container: str, timeout: float) -> Answer:
        if check.kind == "command":
            value = self.bindings.resolver(Vantage.NETWORK)
            code, output = run_inside(self.api, container, [bind(word, value) for word in check.command], timeout=30.0)
            last = output.strip().splitlines()[-1:] or [""]
            return Answer(code == 0, f"the command exits with {code}" + (f": {last[0][:200]}" if last[0] else ""))
        if check.kind == "log":
            wanted = dict(check.params)["text"][0]
            found = any(str(wanted) in line for line in tail(self.api, container, lines=2000, this_run=True))
            return Answer(found, f"`{wanted}` is {'' if found else 'not '}in its log")
        if check.kind == "running":
            return self._running(container)
        value = self.bindings.resolver(Vantage.HOST)
        params = tuple((name, bind(text, value)) for name, text in check.params)
        port = self.bindings.ports.get((self.service.name, check.port))
        if port is None:
            return Answer(False, f"port {check.port} is not published")
        return attempt(Probe(check.kind, check.port, params), "127.0.0.1", port, timeout=timeout)

    def _running(self, container: str) -> Answer:
        state = self._inspect(container)
        since = age(str(state.get("StartedAt", "")))
        if not state.get("Running"):
            return Answer(False, "it does not run")
        return Answer(since >= SETTLE, "running" if since >= SETTLE else "it has just started")

    def ended(self, container: str) -> str | None:
        """How the container ended; None while it runs."""
        state = self._inspect(container)
        if state.get("Running") or state.get("Status") in ("created", "restarting"):
            return None
        if state.get("OOMKilled"):
            return "it ran out of memory and was killed"
        return f"it ended with exit code {state.get('ExitCode')}"

    def _inspect(self, container: str) -> dict[str, object]:
        try:
            state: dict[str, object] = self.api.get(f"/containers/{container}/json")["State"]
        except ApiError as error:
            if error.status == 404:
                return {"Status": "removed", "ExitCode": "unknown"}
            raise
        return state


def age(started: str) -> float:
    """Seconds since an engine's timestamp, by this machine's clock; 1e9 where it can't be read."""
    from datetime import datetime

    try:
        return time.time() - datetime.fromisoformat(started.rstrip("Z")[:26] + "+00:00").timestamp()
    except ValueError:
        return 1e9
