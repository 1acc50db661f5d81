"""Answers HTTP requests the way Mailpit does; knows no sockets."""

from __future__ import annotations

import json
import re
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import outbox
from .intake import accept
from .message import Mail
from .search import compile_query
from .settings import Settings
from .smtp import Handler
from .store import Entry, Store

VERSION = "v1.30"
DEFAULT_LIMIT = 50


@dataclass(frozen=True)
class Request:
    """What of an HTTP request decides the answer."""

    method: str
    path: str
    query: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def json(self) -> dict[str, Any]:
        """The body as an object; raises RefusedError where it is none."""
        try:
            found = json.loads(self.body)
        except ValueError as error:
            raise RefusedError(400, str(error)) from error
        if not isinstance(found, dict):
            raise RefusedError(400, "json: cannot unmarshal the request's body into an object")
        return found


@dataclass(frozen=True)
class Response:
    """An answer before it is written to a connection."""

    status: int = 200
    body: bytes = b""
    kind: str = "text/plain; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()


class RefusedError(Exception):
    """A request that is answered with plain words and a status."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.response = Response(status, text.encode())


def as_json(content: object, status: int = 200) -> Response:
    return Response(status, json.dumps(content).encode() + b"\n", "application/json")


OK = Response(body=b"ok")
NOT_FOUND = "404 page not found"
PAGE = Response(body=Path(__file__).with_name("page.html").read_bytes(), kind="text/html; charset=utf-8")


class Api:
    """Every route below the web root."""

    def __init__(self, store: Store, settings: Settings, smtp: Handler) -> None:
        self.store = store
        self.settings = settings
        self.smtp = smtp
        self.begun = time.monotonic()
        one = r"api/v1/message/(?P<wanted>[^/]+)"
        self.routes: list[tuple[str, str, Callable[..., Response]]] = [
            ("GET", r"livez", lambda request: Response()),
            ("GET", r"readyz", self.ready),
            ("GET", r"api/v1/info", self.info),
            ("GET", r"api/v1/webui", lambda request: as_json({"Label": "", "MessageRelay": {"Enabled": False}})),
            ("GET", r"api/v1/messages", self.messages),
            ("PUT", r"api/v1/messages", self.mark),
            ("DELETE", r"api/v1/messages", self.delete),
            ("GET", r"api/v1/search", self.search),
            ("DELETE", r"api/v1/search", self.delete_found),
            ("POST", r"api/v1/send", self.send),
            ("GET", r"api/v1/tags", lambda request: as_json(list(self.store.counts().tags))),
            ("PUT", r"api/v1/tags", self.tag),
            ("GET", one, self.message),
            ("GET", one + r"/raw", self.raw),
            ("GET", one + r"/headers", lambda request, wanted: as_json(self._mail(request, wanted)[1].headers())),
            ("GET", one + r"/part/(?P<part>[^/]+)", self.part),
            ("OPTIONS", r"api/v1/.*", lambda request: Response()),
            ("GET", r"view/latest", self.latest),
            ("GET", r"view/(?P<wanted>[^/]+)\.html", self.view_html),
            ("GET", r"view/(?P<wanted>[^/]+)\.txt", self.view_text),
            ("GET", r"(view/[^/]+|search)?", lambda request: PAGE),
        ]

    def answer(self, request: Request) -> Response:
        """Find the route and call it; a refusal becomes its response."""
        if not request.path.startswith(self.settings.webroot):
            if request.path + "/" == self.settings.webroot:
                return Response(302, headers=(("Location", self.settings.webroot),))
            return RefusedError(404, NOT_FOUND).response
        path = request.path.removeprefix(self.settings.webroot)
        method = "GET" if request.method == "HEAD" else request.method
        known = False
        for verb, pattern, route in self.routes:
            if found := re.fullmatch(pattern, path):
                known = True
                if verb == method:
                    try:
                        return route(request, **found.groupdict())
                    except RefusedError as refused:
                        return refused.response
        return RefusedError(405, "Method Not Allowed").response if known else RefusedError(404, NOT_FOUND).response

    def ready(self, request: Request) -> Response:
        if not self.store.answers():
            raise RefusedError(503, "Service Unavailable")
        return Response()

    def info(self, request: Request) -> Response:
        counts = self.store.counts()
        runtime = {
            "Uptime": int(time.monotonic() - self.begun),
            "Memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            "MessagesDeleted": counts.deleted,
            "SMTPAccepted": self.smtp.accepted,
            "SMTPAcceptedSize": self.smtp.accepted_bytes,
            "SMTPRejected": self.smtp.rejected,
            "SMTPIgnored": 0,
        }
        facts = {"Version": VERSION, "LatestVersion": VERSION, "Database": self.store.path}
        totals = {"DatabaseSize": self.store.size(), "Messages": counts.total, "Unread": counts.unread}
        return as_json({**facts, **totals, "Tags": counts.tags, "RuntimeStats": runtime})

    def messages(self, request: Request) -> Response:
        entries = self.store.entries()
        return self._list(request, entries)

    def search(self, request: Request) -> Response:
        return self._list(request, self._found(request))

    def _list(self, request: Request, entries: list[Entry]) -> Response:
        start = _number(request.query.get("start"), 0)
        limit = _number(request.query.get("limit"), DEFAULT_LIMIT)
        shown = entries[start : start + limit]
        counts = self.store.counts()
        return as_json(
            {
                "total": counts.total,
                "unread": counts.unread,
                "count": len(shown),
                "messages_count": len(entries),
                "messages_unread": sum(not entry.read for entry in entries),
                "start": start,
                "tags": list(counts.tags),
                "messages": [entry.summary() for entry in shown],
            }
        )

    def mark(self, request: Request) -> Response:
        wanted = request.json()
        ids, query = _ids(wanted), wanted.get("Search") or ""
        if ids and query:
            raise RefusedError(400, "You may specify either IDs or a search query, not both")
        if query:
            ids = [entry.id for entry in self._matching(query)]
            self.store.set_read(bool(wanted.get("Read")), ids)
        else:
            self.store.set_read(bool(wanted.get("Read")), ids or None)
        return OK

    def delete(self, request: Request) -> Response:
        try:
            ids = _ids(request.json())
        except RefusedError:
            ids = []
        self.store.delete(ids or None)
        return OK

    def delete_found(self, request: Request) -> Response:
        self.store.delete(entry.id for entry in self._found(request))
        return OK

    def tag(self, request: Request) -> Response:
        wanted = request.json()
        self.store.set_tags([str(tag) for tag in wanted.get("Tags") or ()], _ids(wanted))
        return OK

    def send(self, request: Request) -> Response:
        try:
            sender, recipients, raw = outbox.build(request.json())
        except (RefusedError, outbox.SendError) as error:
            return as_json({"Error": str(error)}, 400)
        return as_json({"ID": accept(self.store, raw, sender, recipients)})

    def message(self, request: Request, wanted: str) -> Response:
        entry, mail = self._mail(request, wanted)
        self.store.set_read(True, [entry.id])
        facts = {"ID": entry.id, "Tags": entry.tags, "Username": entry.username}
        return as_json({"Date": entry.summary()["Created"], **facts, **mail.details()})

    def raw(self, request: Request, wanted: str) -> Response:
        entry, mail = self._mail(request, wanted)
        download = (("Content-Disposition", f'attachment; filename="{entry.id}.eml"'),)
        return Response(body=mail.raw, headers=download if request.query.get("dl") == "1" else ())

    def part(self, request: Request, wanted: str, part: str) -> Response:
        found = self._mail(request, wanted)[1].part(part)
        if found is None:
            raise RefusedError(404, NOT_FOUND)
        name = re.sub(r"[^\w.@ -]", "_", found.file_name or found.content_id)
        disposition = ("Content-Disposition", f'inline; filename="{name}"')
        return Response(body=found.content, kind=found.content_type, headers=(disposition,))

    def latest(self, request: Request) -> Response:
        entries = self._found(request) if request.query.get("query") else self.store.entries()
        place = f"view/{entries[0].id}" if entries else ""
        return Response(302, headers=(("Location", self.settings.webroot + place),))

    def view_html(self, request: Request, wanted: str) -> Response:
        entry, mail = self._mail(request, wanted, "Message not found")
        self.store.set_read(True, [entry.id])
        if not mail.html:
            raise RefusedError(404, "This message does not contain a HTML part")
        html = mail.html
        for part in mail.inline + mail.attachments:
            if part.content_id:
                place = f"{self.settings.webroot}api/v1/message/{entry.id}/part/{part.part_id}"
                html = re.sub(rf"(?i)cid:{re.escape(part.content_id)}(?=[\"'\s/>;)])", place, html)
        return Response(body=html.encode(), kind="text/html; charset=utf-8")

    def view_text(self, request: Request, wanted: str) -> Response:
        entry, mail = self._mail(request, wanted, "Message not found")
        self.store.set_read(True, [entry.id])
        return Response(body=mail.text.encode())

    def _matching(self, query: str) -> list[Entry]:
        return list(filter(compile_query(query), self.store.entries()))

    def _found(self, request: Request) -> list[Entry]:
        query = request.query.get("query", "").strip()
        if not query:
            raise RefusedError(400, "Error: no search query")
        return self._matching(query)

    def _mail(self, request: Request, wanted: str, missing: str = NOT_FOUND) -> tuple[Entry, Mail]:
        if wanted == "latest":
            entries = self._found(request) if request.query.get("query") else self.store.entries()
            if not entries:
                raise RefusedError(404, "Message not found")
            wanted = entries[0].id
        entry, raw = self.store.entry(wanted), self.store.raw(wanted)
        if entry is None or raw is None:
            raise RefusedError(404, missing)
        return entry, Mail(raw)


def _ids(wanted: dict[str, Any]) -> list[str]:
    return [str(one) for one in wanted.get("IDs") or ()]


def _number(text: str | None, default: int) -> int:
    return int(text) if text and re.fullmatch(r"[1-9]\d{0,8}", text) else default
