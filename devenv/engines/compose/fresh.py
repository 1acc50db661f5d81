"""Data volumes between their making and the first ready answer: what a cut-off initialisation leaves is recognised.

postgres' image takes a data folder that initdb has begun for a complete one: after a kill in between it starts for ever
without database, access rule or init scripts. Such a volume has never been ready, so it holds no user's row, and is
made anew; the container's log, not the clock, tells whether its initialisation came to its end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from devenv.artifacts.names import volume_name
from devenv.engines.compose.api import Api
from devenv.engines.compose.logs import tail
from devenv.engines.compose.observe import Container, DataVolume
from devenv.stack import Service
from devenv.state import State

_RECORD = "fresh"
_LINES = 2000

Record = dict[str, dict[str, str]]


def load(state: State) -> Record:
    """Volumes that have not been ready yet: by name, when they were made, whose they are, and the text to look for."""
    record: Record = state.load(_RECORD) or {}
    return record


def note(state: State, project: str, services: Iterable[Service], new: Mapping[str, DataVolume]) -> None:
    """Remember volumes that have just been made, before the container that fills them starts."""
    record = load(state)
    for service in services:
        for volume in service.volumes:
            name = volume_name(project, service.name, volume.name)
            if service.initialised and name in new:
                found = {"created": new[name].created, "service": service.name, "text": service.initialised}
                record[name] = found
    state.save(_RECORD, record)


def forget(state: State, service: str) -> None:
    """The service has answered: its data is complete."""
    record = load(state)
    kept = {name: entry for name, entry in record.items() if entry["service"] != service}
    if kept != record:
        state.save(_RECORD, kept)


def settle(api: Api, state: State, observed: Mapping[str, Sequence[Container]]) -> None:
    """Before containers, and their logs with them, are removed: forget the volumes whose log shows that all is well."""
    for entry in list(load(state).values()):
        if any(_complete(api, container, entry["text"]) for container in observed.get(entry["service"], ())):
            forget(state, entry["service"])


def interrupted(
    api: Api, state: State, observed: Mapping[str, Sequence[Container]], existing: Mapping[str, DataVolume]
) -> dict[str, str]:
    """Volumes to make anew, each with its service: never ready, and nothing runs that could still make them so."""
    result = {}
    for name, entry in load(state).items():
        containers = observed.get(entry["service"], ())
        running = any(container.running for container in containers)
        same = name in existing and existing[name].created == entry["created"]
        if same and not running and not any(_complete(api, c, entry["text"]) for c in containers):
            result[name] = entry["service"]
    return result


def _complete(api: Api, container: Container, text: str) -> bool:
    """Whether the log says so; a container that never ran has nothing to say, and has done nothing."""
    return any(text in line for line in tail(api, container.id, lines=_LINES))
