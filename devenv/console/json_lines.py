"""Events as JSON, one object a line, as docs/json.md says; fields are only ever added."""

from __future__ import annotations

import json
import threading
from typing import Any, TextIO

from devenv.console.stream import Out
from devenv.events import Event, LogLine, Notice, Reloaded


class JsonLines:
    """A reporter that writes each event at once; safe to call from several threads."""

    def __init__(self, stream: TextIO) -> None:
        self._out = Out(stream)
        self._lock = threading.Lock()

    def emit(self, event: Event) -> None:
        """Take one event."""
        text = json.dumps(event_object(event), ensure_ascii=False)
        with self._lock:
            self._out.write(text.encode(errors="replace").decode() + "\n")
            self._out.flush()


def event_object(event: Event) -> dict[str, Any]:
    """What is printed of an event."""
    if isinstance(event, Notice):
        return {"event": "notice", "level": event.level, "message": event.message}
    if isinstance(event, LogLine):
        return {"event": "build", "service": event.service, "text": event.text}
    if isinstance(event, Reloaded):
        return {
            "event": "reload",
            "services": list(event.services),
            "changed": event.changed,
            "paths": list(event.paths),
            "action": event.action,
            "rule": event.rule,
            "seconds": None if event.seconds is None else round(event.seconds, 4),
            "detail": event.detail,
            "output": list(event.lines),
        }
    return {"event": "phase", "service": event.service, "phase": event.phase.value, "detail": event.detail}
