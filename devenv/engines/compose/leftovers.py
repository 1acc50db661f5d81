"""What nothing asks for any more, and what a killed Compose left: removed, or given its proper name; plans nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from devenv.engines.compose import fresh
from devenv.engines.compose.api import Api
from devenv.engines.compose.observe import Container
from devenv.engines.compose.plan import Plan
from devenv.errors import EngineError
from devenv.events import Notice, Reporter
from devenv.state import State

_PASSING = re.compile(r"[0-9a-f]{12}_(.+)")
"""What Compose calls a replacement until the container that it replaces is gone."""
_NO_NETWORK = re.compile(r"network \S+ not found")


def clear(api: Api, todo: Plan, reporter: Reporter) -> None:
    """Remove what the plan has no use for; what stays under a passing name, since Compose was killed, is renamed."""
    for container in todo.remove:
        reporter.emit(Notice(f"removing `{container.name}`, which the manifest no longer asks for"))
        api.delete(f"/containers/{container.id}", force=True)
    for step in todo.steps:
        if step.container and (match := _PASSING.fullmatch(step.container.name)):
            api.post(f"/containers/{step.container.id}/rename", name=match[1])


def wake(api: Api, observed: Mapping[str, Sequence[Container]]) -> bool:
    """Let paused containers go on; whether there were any."""
    paused = [container for containers in observed.values() for container in containers if container.state == "paused"]
    for container in paused:
        api.post(f"/containers/{container.id}/unpause")
    return bool(paused)


def cut_off(api: Api, state: State, observed: Mapping[str, Sequence[Container]], error: EngineError) -> bool:
    """Remove stopped containers that can't start since somebody removed their network; whether that was the error."""
    if not _NO_NETWORK.search(error.message):
        return False
    fresh.settle(api, state, observed)
    for containers in observed.values():
        for container in containers:
            if not container.running:
                api.delete(f"/containers/{container.id}")
    return True
