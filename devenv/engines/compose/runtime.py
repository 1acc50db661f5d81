"""Containers as instances of services, for those who start and wait; itself it waits for nothing."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from devenv.engines.compose.api import Api, ApiError
from devenv.engines.compose.exec import run_inside
from devenv.engines.compose.inject import inject
from devenv.engines.compose.logs import tail
from devenv.stack import Bindings, Service, Text, Vantage, bind


@dataclass(frozen=True)
class Containers:
    """The runtime of the compose engine: see `Runtime`."""

    api: Api
    bindings: Bindings

    @property
    def here(self) -> bool:
        """Whether the engine is on this machine."""
        return self.api.endpoint.here

    def start(self, service: Service, instance: str) -> None:
        """Put the generated files into the container and start it."""
        inject(self.api, instance, service, self.bindings)
        try:
            self.api.post(f"/containers/{instance}/start")
        except ApiError as error:
            if error.status != 304:  # it runs already
                raise

    def exit_code(self, instance: str) -> int | None:
        """The code that the container ended with; None while it has not."""
        state = self._state(instance)
        return int(state["ExitCode"]) if not state["Running"] and state["Status"] == "exited" else None

    def ended(self, instance: str) -> str | None:
        """How the container ended; None while it runs."""
        try:
            state = self._state(instance)
        except ApiError as error:
            if error.status == 404:
                return "it was removed"
            raise
        if state.get("Running") or state.get("Status") in ("created", "restarting"):
            return None
        if state.get("OOMKilled"):
            return "it ran out of memory and was killed"
        return f"it ended with exit code {state.get('ExitCode')}"

    def age(self, instance: str) -> float | None:
        """Seconds since the engine started it."""
        state = self._state(instance)
        return age(str(state.get("StartedAt", ""))) if state.get("Running") else None

    def running(self, instances: Collection[str]) -> set[str]:
        """Those that run, in one question."""
        return {item["Id"] for item in self.api.get("/containers/json", filters={"id": list(instances)})}

    def inside(self, service: Service, instance: str, command: Sequence[Text], timeout: float) -> tuple[int, str]:
        """Run a command in the container, as the image's own user."""
        value = self.bindings.resolver(Vantage.NETWORK)
        return run_inside(self.api, instance, [bind(word, value) for word in command], timeout=timeout)

    def tail(self, instance: str, *, lines: int, this_run: bool = False) -> list[str]:
        """The last lines of its log."""
        return tail(self.api, instance, lines=lines, this_run=this_run)

    def _state(self, instance: str) -> dict[str, Any]:
        state: dict[str, Any] = self.api.get(f"/containers/{instance}/json")["State"]
        return state


def age(started: str) -> float:
    """Seconds since an engine's timestamp, by this machine's clock; 1e9 where it can't be read."""
    from datetime import datetime

    try:
        return time.time() - datetime.fromisoformat(started.rstrip("Z")[:26] + "+00:00").timestamp()
    except ValueError:
        return 1e9
