"""Makes a message complete before it is stored: the headers that a mail server adds; accepts no connection."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence

from .message import Mail
from .store import Store


def accept(store: Store, raw: bytes, sender: str, recipients: Sequence[str], username: str = "") -> str:
    """Store a message as it came in by its envelope and return its id."""
    raw = raw.replace(b"\r\r\n", b"\r\n")
    mail = Mail(raw)
    if mail.header("Return-Path").strip("<>") != sender:
        raw = set_header(raw, "Return-Path", f"<{sender}>")
    if not mail.message_id:
        raw = set_header(raw, "Message-ID", f"<{secrets.token_hex(11)}@mailpit>")
    named = [person.Address for header in ("To", "Cc", "Bcc") for person in mail.people(header)]
    known = {address.lower() for address in named}
    hidden = [address for address in recipients if address.lower() not in known]
    if hidden:
        there = [mail.header("Bcc")] if mail.header("Bcc") else []
        raw = set_header(raw, "Bcc", ", ".join([*hidden, *there]))
    return store.add(raw, username)


def set_header(raw: bytes, name: str, value: str) -> bytes:
    """Put a header first, in place of all that have its name."""
    head, blank, body = re.match(rb"(.*?)(\r?\n\r?\n|\Z)(.*)", raw, re.DOTALL).groups()  # type: ignore[union-attr]
    pattern = rb"(?im)^" + re.escape(name.encode()) + rb":[^\n]*(?:\n|\Z)(?:[ \t][^\n]*(?:\n|\Z))*"
    kept = re.sub(pattern, b"", head + b"\r\n").rstrip(b"\r\n")
    line = f"{name}: {value}\r\n".encode()
    return bytes(line + kept + (blank or b"\r\n\r\n") + body)
