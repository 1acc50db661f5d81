"""Makes a message complete before it is stored: the headers that a mail server adds; accepts no connection."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from .message import Mail
from .mime import ADDRESS, Tree, head
from .settings import Settings
from .store import FULL, Store, new_id
from .tags import clean

FOLDED = r"[^\n]*(?:\n|\Z)(?:[ \t][^\n]*(?:\n|\Z))*"


class RefusedMailError(Exception):
    """A message that can't be one; the text is for the sender."""


@dataclass
class Tally:
    """What came in since the start."""

    accepted: int = 0
    bytes: int = 0
    rejected: int = 0
    ignored: int = 0


class Intake:
    """Takes messages into the store, by their envelope."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings
        self.tally = Tally()

    def accept(self, raw: bytes, sender: str, recipients: Sequence[str], username: str = "") -> str:
        """Store a message and return its id, an empty one for a duplicate that is to be dropped.

        Raises RefusedMailError for what has no readable header, sqlite3.Error where it can't be stored.
        """
        if "smtp-strict-rfc-headers" not in self._settings.on:
            raw = raw.replace(b"\r\r\n", b"\r\n")
        top = Tree(head(raw) + b"\r\n\r\n")
        if not readable(head(raw)):
            self.tally.rejected += 1
            raise RefusedMailError("451 4.3.5 Unable to process mail")
        message_id = top.header("Message-ID").strip("<>")
        if message_id and "ignore-duplicate-ids" in self._settings.on and self._store.knows(message_id):
            self.tally.ignored += 1
            return ""
        mail = Mail(_completed(raw, top, message_id, sender, recipients))
        created = mail.date if "use-message-dates" in self._settings.on else None
        made = self._store.add(mail, username=username, created=created, tags=self._tags(mail, username))
        self.tally.accepted += 1
        self.tally.bytes += len(mail.raw)
        if self._settings.max_messages and self._store.size() > FULL:
            self._store.prune(self._settings.max_messages)
        return made

    def _tags(self, mail: Mail, username: str) -> list[str]:
        found = mail.header_tags() if "x-tags" in self._settings.tag_sources else []
        found += mail.plus_tags() if "plus-addresses" in self._settings.tag_sources else []
        if "tags-title-case" in self._settings.on:
            found = [re.sub(r"\b[a-z]", lambda first: first[0].upper(), tag) for tag in found]
        if username and "tags-username" in self._settings.on:
            found.append(username)
        return sorted(clean(found))


def readable(top: bytes) -> bool:
    """Whether these are headers: every line is a name and a value, or goes on from the line before."""
    lines = top.replace(b"\r\n", b"\n").split(b"\n")
    begun = re.compile(rb"[!-9;-~]+[ \t]*:")
    return bool(begun.match(lines[0])) and all(line[:1] in (b" ", b"\t", b"") or begun.match(line) for line in lines)


def _completed(raw: bytes, top: Tree, message_id: str, sender: str, recipients: Sequence[str]) -> bytes:
    if top.header("Return-Path").strip("<>") != sender:
        raw = set_header(raw, "Return-Path", f"<{sender}>")
    if not message_id:
        raw = f"Message-ID: <{new_id()}@mailpit>\r\n".encode() + raw
    known = {person.address.lower() for name in ("To", "Cc", "Bcc") for person in top.people(name)}
    hidden = [address for address in recipients if address.lower() not in known and ADDRESS.fullmatch(address)]
    if hidden:
        there = [top.header("Bcc")] if top.people("Bcc") else []
        raw = set_header(raw, "Bcc", ", ".join([*hidden, *there]))
    return raw


def set_header(raw: bytes, name: str, value: str) -> bytes:
    """Give the first header of that name another value, or put it before all others."""
    top = head(raw)
    line = f"{name}: {value}\r\n".encode()
    found = re.search(rf"(?im)^{name}:{FOLDED}".encode(), top)
    if not found:
        return line + raw
    ended = found[0].endswith(b"\n")
    return top[: found.start()] + (line if ended else line.rstrip()) + top[found.end() :] + raw[len(top) :]
