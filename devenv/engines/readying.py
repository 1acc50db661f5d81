"""Whether services that were started anew answer again, asked beside the loop that goes on; tells it as events."""

from __future__ import annotations

import threading
import time

from devenv.engines.readiness import Asker
from devenv.engines.runtime import Runtime
from devenv.errors import DevenvError
from devenv.events import Phase, Reporter, ServicePhase
from devenv.stack import Bindings, Service


class Readying:
    """One question for each service: a later start takes the place of an earlier one."""

    def __init__(self, reporter: Reporter, timeout: float) -> None:
        self._reporter, self._timeout = reporter, timeout
        self._asking: dict[str, threading.Event] = {}

    def begin(self, service: Service, instance: str, bindings: Bindings, runtime: Runtime) -> None:
        """Ask until it is ready, has ended, or time is up."""
        self._reporter.emit(ServicePhase(service.name, Phase.STARTING))
        stop = threading.Event()
        self._asking.pop(service.name, threading.Event()).set()
        self._asking[service.name] = stop
        asker = Asker(runtime, service, bindings)
        threading.Thread(target=self._ask, args=(asker, instance, stop), daemon=True).start()

    def close(self) -> None:
        """Ask no more."""
        for stop in self._asking.values():
            stop.set()

    def _ask(self, asker: Asker, instance: str, stop: threading.Event) -> None:
        service = asker.service
        try:
            _, gave_up = asker.wait(instance, time.monotonic() + self._timeout, stop, lambda detail: None)
        except (DevenvError, OSError):
            return  # the instance or the engine went away, which the loop sees as well
        if stop.is_set():
            return
        if gave_up:
            self._reporter.emit(ServicePhase(service.name, Phase.FAILED, gave_up))
        else:
            self._reporter.emit(ServicePhase(service.name, Phase.READY))
