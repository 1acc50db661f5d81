"""What apps need before they start on this machine: which of their files changed, which of their setups are due."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from devenv.artifacts.names import owner_of, setup_names
from devenv.engines.native.app import App
from devenv.engines.native.program import Seen
from devenv.engines.native.providers.base import Served
from devenv.engines.native.serving import Serving
from devenv.engines.native.sources import Sources, has_sources, picked_up_by
from devenv.reload.plan import told
from devenv.stack import Service

_RECORD = "native-setup"


@dataclass
class Setups:
    """The setups of the services that one `up` is about; what is done is kept at once, from any thread."""

    serving: Serving
    services: Sequence[Service]
    served: Mapping[str, Served]
    digests: Mapping[str, str]
    _mutex: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._sources = Sources({name: app for name, app in self.served.items() if isinstance(app, App)})
        self._done: dict[str, str] = self.serving.project.state.load(_RECORD) or {}
        self._by_name = {service.name: service for service in self.services if service.setup}
        self._files = {name: self._sources.digest(service) for name, service in self._by_name.items()}

    def stale(self, seen: Mapping[str, Seen]) -> dict[str, str]:
        """The apps whose files changed since their process was started, and what did."""
        found = {}
        for service in self.services:
            known = seen.get(service.name)
            if known is None or not known.alive or not has_sources(service):
                continue
            causes = self._sources.written_since(service, known.started)
            if causes and not picked_up_by(service, self._sources.rules(service)):
                found[service.name] = f"{told(causes)} changed"
        return found

    def due(self, service: Service) -> tuple[str, ...]:
        """The names of those that have not run for what is there now."""
        return tuple(name for name in setup_names(service) if self._done.get(name) != self._key(service))

    def ended_well(self, name: str) -> None:
        """Keep that a setup is done, for the data that is there by now."""
        with self._mutex:
            self._done[name] = self._key(self._by_name[owner_of(name)])
            self.serving.project.state.save(_RECORD, self._done)

    def _key(self, service: Service) -> str:
        place = self.serving.place(service)
        words = [[place.text(word) for word in command] for command in service.setup]
        data = [self._born(name) for name in service.needs]
        parts = [words, self.digests.get(service.name), data, self._files[service.name]]
        return hashlib.sha256(json.dumps(parts).encode(errors="surrogateescape")).hexdigest()[:16]

    def _born(self, name: str) -> list[int]:
        """When each folder of a service's data was made: data that was removed and made anew is another."""
        from devenv.engines.native.place import DATA
        from devenv.engines.native.serving import bases

        found = [path for base in bases(self.serving.project) for path in (base / DATA).glob(f"{name}.*")]
        return [path.stat().st_ino for path in sorted(found)]
