"""Whether services that were started anew answer again, asked beside the loop that goes on; tells it as events."""

from __future__ import annotations

import threading
import time

from devenv.engines.compose.api import Api
from devenv.engines.compose.readiness import Asker
from devenv.errors import DevenvError
from devenv.events import Phase, Reporter, ServicePhase
from devenv.stack import Bindings, Service


class Readying:
    """One question for each service: a later start takes the place of an earlier one."""

    def __init__(self, api: Api, reporter: Reporter, timeout: float) -> None:
        self._api, self._reporter, self._timeout = api, reporter, timeout
        self._asking: dict[str, threading.Event] = {}

    def begin(self, service: Service, container: str, bindings: Bindings) -> None:
        """Ask until it is ready, has ended, or time is up."""
        self._reporter.emit(ServicePhase(service.name, Phase.STARTING))
        stop = threading.Event()
        self._asking.pop(service.name, threading.Event()).set()
        self._asking[service.name] = stop
        threading.Thread(target=self._ask, args=(service, container, bindings, stop), daemon=True).start()

    def close(self) -> None:
        """Ask no more."""
        for stop in self._asking.values():
            stop.set()

    def _ask(self, service: Service, container: str, bindings: Bindings, stop: threading.Event) -> None:
        try:
            asker = Asker(self._api, service, bindings)
            _, gave_up = asker.wait(container, time.monotonic() + self._timeout, stop, lambda detail: None)
        except (DevenvError, OSError):
            return  # the container or the engine went away, which the loop sees as well
        if stop.is_set():
            return
        if gave_up:
            self._reporter.emit(ServicePhase(service.name, Phase.FAILED, gave_up))
        else:
            self._reporter.emit(ServicePhase(service.name, Phase.READY))
