"""The logs of services for as long as one watches: taken up again whenever a container starts; formats nothing."""

from __future__ import annotations

import threading

from devenv.engines.compose.api import Api
from devenv.engines.compose.logs import follow
from devenv.engines.live import Instances, Told
from devenv.errors import DevenvError


class Follower:
    """Follows the logs of services, each container in a thread of its own."""

    def __init__(self, api: Api, told: Told) -> None:
        self._api, self._told = api, told
        self._open: dict[str, threading.Thread] = {}
        self._begun = False

    @property
    def busy(self) -> bool:
        """Whether a log is still being written."""
        return any(thread.is_alive() for thread in self._open.values())

    def see(self, observed: Instances) -> None:
        """Follow every running container that is not followed; the first time only what comes from now on."""
        for service, containers in observed.items():
            for container in containers[:1]:
                known = self._open.get(container.id)
                if container.running and not (known and known.is_alive()):
                    thread = threading.Thread(target=self._pump, args=(service, container.id, self._begun), daemon=True)
                    self._open[container.id] = thread
                    thread.start()
        self._begun = True

    def _pump(self, service: str, container: str, again: bool) -> None:
        try:
            for line in follow(self._api, container, lines="all" if again else "0", stay=True, this_run=again):
                self._told(service, line)
        except (DevenvError, OSError):
            pass  # the container went away: its log ends here
