"""What happens to the project's containers, and to the engine itself, as hints: who hears one looks for himself."""

from __future__ import annotations

import json
import threading

from devenv.artifacts.names import SERVICE_LABEL
from devenv.engines.compose.api import Api
from devenv.engines.compose.observe import labels
from devenv.engines.live import Happening, Heard
from devenv.errors import DevenvError
from devenv.project import Project

_KINDS = ("start", "die", "destroy", "unpause")
_PAUSE = 0.3
_LONGEST_PAUSE = 3.0


class Happenings:
    """Listens in a thread of its own, and again when the engine comes back."""

    def __init__(self, api: Api, project: Project, heard: Heard) -> None:
        self._api, self._project, self._heard = api, project, heard
        self._end = threading.Event()
        threading.Thread(target=self._run, name="devenv-engine-events", daemon=True).start()

    def close(self) -> None:
        """Tell nothing any more."""
        self._end.set()

    def _run(self) -> None:
        lost, pause = False, _PAUSE
        filters = {"type": ["container"], "event": list(_KINDS), "label": labels(self._project)}
        while not self._end.is_set():
            try:
                with self._api.stream("GET", "/events", filters=filters) as response:
                    if lost:
                        self._tell(Happening("back"))
                    lost, pause = False, _PAUSE
                    rest = b""
                    while part := response.read(65536):
                        *lines, rest = (rest + part).split(b"\n")
                        for line in lines:
                            if line.strip():
                                self._tell(_happening(line))
            except (DevenvError, OSError, ValueError):
                pass  # told below, whatever it was
            if not lost:
                self._tell(Happening("lost"))
            lost = True
            self._end.wait(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE)

    def _tell(self, happening: Happening) -> None:
        if not self._end.is_set():
            self._heard(happening)


def _happening(line: bytes) -> Happening:
    event = json.loads(line)
    attributes = event["Actor"].get("Attributes") or {}
    code = attributes.get("exitCode", "0")
    return Happening(event["Action"], attributes.get(SERVICE_LABEL, ""), int(code))
