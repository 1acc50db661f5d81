"""Answers with what a person looks at: the page itself, a mail's HTML and its text; changes no mail's content."""

from __future__ import annotations

import re
from pathlib import Path

from .exchange import HTML, SNIFFED, RefusedError, Request, Response, redirect, text
from .mailbox import chosen, latest
from .message import Mail
from .settings import Settings
from .store import Store

FILE = Path(__file__).with_name("page.html")


class Pages:
    """The routes outside of `api`."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._webroot = settings.webroot

    def page(self, request: Request) -> Response:
        """The page, whose script alone has the answer's nonce."""
        content = FILE.read_text(encoding="utf-8").replace("{nonce}", request.nonce).replace("{webroot}", self._webroot)
        return text(content, kind=HTML)

    def latest(self, request: Request) -> Response:
        newest = latest(self._store, request)
        return redirect(f"{self._webroot}view/{newest.id}" if newest else self._webroot)

    def html(self, request: Request, wanted: str) -> Response:
        """The mail's own HTML, its inline parts by their addresses; `embed=1` opens its links elsewhere."""
        identity, mail = self._mail(request, wanted)
        if not mail.html:
            raise RefusedError(404, "This message does not contain a HTML part", SNIFFED)
        found = mail.html
        for part in (*mail.inline, *mail.others, *mail.attachments):
            if part.content_id:
                place = f"{self._webroot}api/v1/message/{identity}/part/{part.id}"
                found = re.sub(
                    rf"(?i)(=[\"']?)cid:{re.escape(part.content_id)}(?=[\"'|\s/>;])", rf"\g<1>{place}", found
                )
        base = '<base target="_blank">' if request.query.get("embed") == "1" else ""
        return text(base + found, kind=HTML)

    def text(self, request: Request, wanted: str) -> Response:
        return text(self._mail(request, wanted)[1].text, kind=SNIFFED)

    def _mail(self, request: Request, wanted: str) -> tuple[str, Mail]:
        entry, raw = chosen(self._store, request, wanted, RefusedError(404, "Message not found", SNIFFED))
        self._store.mark(True, [entry.id])
        return entry.id, Mail(raw)
