"""Which setups are due: those that have not run for the content, the configuration and the data that are there now."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from devenv.artifacts.compose import Document
from devenv.artifacts.names import owner_of, setup_names, volume_owner
from devenv.engines.compose.images import Image
from devenv.engines.compose.observe import DataVolume
from devenv.project import Project
from devenv.stack import Service

_RECORD = "setup"


@dataclass
class Setups:
    """The setups of the services that one `up` is about; what is done is kept at once, from any thread."""

    project: Project
    services: Iterable[Service]
    rendered: Document
    images: Mapping[str, Image]
    done: dict[str, str] = field(init=False)
    _mutex: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.done = self.project.state.load(_RECORD) or {}

    @property
    def names(self) -> set[str]:
        """All of them, due or not."""
        return {name for service in self.services for name in setup_names(service)}

    def due(self, found: Mapping[str, DataVolume]) -> set[str]:
        """Those that have not run for what is there now, the app running or not; one that fails stays due."""
        due = {
            name
            for service in self.services
            for name in setup_names(service)
            if self.done.get(name) != self._key(service, found)
        }
        if due & self.done.keys():
            self.done = {name: key for name, key in self.done.items() if name not in due}
            self.project.state.save(_RECORD, self.done)
        return due

    def ended_well(self, name: str, found: Mapping[str, DataVolume]) -> None:
        """Keep that a setup is done."""
        service = next(service for service in self.services if service.name == owner_of(name))
        with self._mutex:
            self.done[name] = self._key(service, found)
            self.project.state.save(_RECORD, self.done)

    def _key(self, service: Service, found: Mapping[str, DataVolume]) -> str:
        """Changes with the image, what was sent to its containers, the configuration, and data that was made anew."""
        entries = self.rendered["services"]
        image = self.images.get(str(entries[service.name]["image"]))
        hashes = [entries[name]["labels"]["devenv.hash"] for name in setup_names(service)]
        needed = [
            v.created for name, v in sorted(found.items()) if volume_owner(self.project.id, name) in service.needs
        ]
        parts = [image.id if image else None, hashes, needed]
        if image and image.drift:
            parts.append(image.drift)
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]
