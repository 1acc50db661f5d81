"""What each container of an image holds of the build context: kept by container id, across commands and crashes.

A container begins as its image, whose context is known since the build. What is sent later is written down before it
is sent and again when it has arrived: where the second note is missing the content is unknown, and is sent again.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from devenv.layout.fingerprint import Index
from devenv.reload.difference import UNKNOWN, Content, Held
from devenv.state import State

_PREFIX = "held-"
_LONGEST = 1 << 20
"""Bytes of notes about a container above which they are drawn together."""


class Holdings:
    """The records of one project's containers; what another command wrote in between is seen by `of`."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._known: dict[str, tuple[int, Held]] = {}

    def of(self, container: str, base: Index) -> Held:
        """What a container holds, made from an image that was built from `base`."""
        size = self._size(container)
        known = self._known.get(container)
        if known is None or known[0] != size or known[1].base is not base.entries:
            later = self._read(container)
            if size > _LONGEST:
                size = self._shorten(container, later)
            known = (size, Held(base.entries, later))
            self._known[container] = known
        return known[1]

    def begin(self, container: str, sent: Mapping[str, Content | None]) -> None:
        """About to send: from now on the container holds the old or the new."""
        self._write(container, {"begin": list(sent)}, dict.fromkeys(sent, UNKNOWN))

    def done(self, container: str, sent: Mapping[str, Content | None]) -> None:
        """It has arrived."""
        self._write(container, {"done": sent}, sent)

    def forget_others(self, containers: Collection[str]) -> None:
        """Drop the records of containers that are gone."""
        kept = {_name(container) for container in containers}
        for path in self._state.folder.glob(f"{_PREFIX}*.jsonl"):
            if path.name not in kept:
                path.unlink(missing_ok=True)
        for container in self._known.keys() - set(containers):
            del self._known[container]

    def _write(self, container: str, note: dict[str, Any], sent: Mapping[str, Content | None]) -> None:
        # JSON escapes what is no ASCII, a name's stray bytes too.
        size = self._state.append(_name(container), json.dumps(note) + "\n")
        if known := self._known.get(container):
            known[1].note(sent)
            self._known[container] = (size, known[1])

    def _read(self, container: str) -> dict[str, Content | None]:
        later: dict[str, Content | None] = {}
        try:
            lines = (self._state.folder / _name(container)).read_text(encoding="ascii").splitlines()
        except (OSError, ValueError):
            return later
        for line in lines:
            try:
                note = json.loads(line)
            except ValueError:  # cut off by a full disk: what it was about has a `begin` before it, or was not sent
                continue
            later |= dict.fromkeys(note.get("begin", ()), UNKNOWN)
            later |= {path: Content(*value) if value else None for path, value in note.get("done", {}).items()}
        return later

    def _shorten(self, container: str, later: Mapping[str, Content | None]) -> int:
        """Write down where all the notes lead to instead of all the notes."""
        doubtful = [path for path, content in later.items() if content == UNKNOWN]
        known = {path: content for path, content in later.items() if content != UNKNOWN}
        lines = [json.dumps(note) + "\n" for note in ({"done": known}, {"begin": doubtful})]
        self._state.write(_name(container), "".join(lines))
        return self._size(container)

    def _size(self, container: str) -> int:
        try:
            return (self._state.folder / _name(container)).stat().st_size
        except OSError:
            return 0


def _name(container: str) -> str:
    return f"{_PREFIX}{container[:32]}.jsonl"
