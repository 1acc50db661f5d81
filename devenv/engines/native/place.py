"""One service on this machine: its folders, ports and environment, and its texts bound to them; starts nothing."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from devenv.engines.native.client import Supervision
from devenv.engines.native.program import MARK, Program
from devenv.errors import EngineError
from devenv.project import Project
from devenv.stack import Bindings, Service, Text, Vantage, bind

OWN_VARIABLES = "DEVENV_"
"""Settings of devenv itself, which are none of a service's business."""
DATA = "data"
LOGS = "logs"


@dataclass(frozen=True)
class Place:
    """Where one service of one project is."""

    project: Project
    service: Service
    bindings: Bindings
    base: Path  # of data and generated files

    @property
    def supervision(self) -> Supervision:
        """Who runs its programs."""
        return Supervision(self.project)

    def data(self, volume: str) -> Path:
        """Where a volume's data is."""
        return self.base / DATA / f"{self.service.name}.{volume}"

    @property
    def files(self) -> Path:
        """Where its generated files are, each below by its path in the image."""
        return self.base / "files" / self.service.name

    def log(self, name: str = "") -> Path:
        """The log of its program, or of another one of it."""
        return self.project.state.folder / LOGS / f"{name or self.service.name}.log"

    def text(self, text: Text) -> str:
        """A text with this machine's values, and paths of the image replaced by those here."""
        return self.path(bind(text, self.bindings.resolver(Vantage.HOST)))

    def path(self, text: str) -> str:
        """A text in which what begins with a generated file's or a volume's path in the image is at its path here."""
        for file in self.service.files:
            if text == file.path:
                return str(self.files / file.path.lstrip("/"))
        for volume in self.service.volumes:
            if text == volume.path or text.startswith(f"{volume.path}/"):
                return str(self.data(volume.name)) + text[len(volume.path) :]
        return text

    def port(self, container: int) -> int:
        """The port of this machine for one of the image's."""
        return self.bindings.ports[self.service.name, container]

    @property
    def grace(self) -> float:
        """Seconds that it may take to end."""
        return seconds(self.service.stop_grace)

    def param(self, name: str) -> str:
        """What the recipe tells the provider."""
        assert self.service.native
        return self.text(dict(self.service.native.params).get(name, ()))

    def environment(self, own: Mapping[str, str] | None = None, *, program: str = "") -> dict[str, str]:
        """This shell's environment, the service's over it, and `own` over both."""
        shell = {name: value for name, value in os.environ.items() if not name.startswith(OWN_VARIABLES)}
        service = {name: self.text(text) for name, text in self.service.env}
        mark = {MARK: f"{self.supervision.mark}/{program or self.service.name}"}
        return {**shell, **service, **(own or {}), **mark}

    def write_files(self) -> None:
        """Put the generated files into their places, readable by whoever runs the service."""
        from devenv.artifacts.files import write

        value = self.bindings.resolver(Vantage.HOST)
        for file in self.service.files:
            if not file.source:
                target = self.files / file.path.lstrip("/")
                target.parent.mkdir(parents=True, exist_ok=True)
                write(target, bind(file.content, value).encode(), private=True)

    def digest(self, found: str) -> str:
        """Changes with all that a running program of the service was started with; `found` stands for its server."""
        import hashlib
        import json

        service = self.service
        parts = [
            [self.text(word) for word in service.command or ()],
            {name: self.text(text) for name, text in service.env},
            [[file.path, self.text(file.content), file.source] for file in service.files],
            [[volume.name, volume.path] for volume in service.volumes],
            [[name, self.text(text)] for name, text in (service.native.params if service.native else ())],
            [self.bindings.ports[service.name, port.container] for port in service.ports],
            found,
        ]
        return hashlib.sha256(json.dumps(parts).encode(errors="surrogateescape")).hexdigest()[:16]

    def program(self, *argv: str | Path, name: str = "", own: Mapping[str, str] | None = None) -> Program:
        """A program of the service, run in its folder."""
        name = name or self.service.name
        folder = self.base
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.log(name).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        words = tuple(str(word) for word in argv)
        return Program(
            name, words, self.environment(own, program=name), str(folder), str(self.log(name)), grace=self.grace
        )


def seconds(text: str) -> float:
    """A grace as recipes write it: `10s`, `1m30s`, `500ms`. Raises `EngineError`."""
    found = re.findall(r"(\d+(?:\.\d+)?)(ms|s|m|h)", text)
    if not found or "".join(number + unit for number, unit in found) != text:
        raise EngineError(f"`{text}` is no duration such as `10s`")
    return sum(float(number) * {"ms": 0.001, "s": 1, "m": 60, "h": 3600}[unit] for number, unit in found)
