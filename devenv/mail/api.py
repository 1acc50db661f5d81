"""Answers requests the way Mailpit does; knows no sockets, and runs in the one thread that the store is for."""

from __future__ import annotations

import resource
import sys
import time
from dataclasses import replace

from . import mailbox, outbox
from .exchange import NOSNIFF, SNIFFED, RefusedError, Request, Response, as_json, text
from .guard import Guard, credentials, new_nonce
from .intake import Intake, RefusedMailError
from .pages import Pages
from .routes import Route, find
from .settings import MEGABYTE, Settings
from .store import Store

VERSION = "v1.30.5"
LARGEST_BODY = 5 * MEGABYTE


class Api:
    """Every route below the web root."""

    def __init__(self, store: Store, settings: Settings, intake: Intake) -> None:
        self.store = store
        self.settings = settings
        self._intake = intake
        self._guard = Guard(settings)
        self._begun = time.monotonic()
        box, pages = mailbox.Mailbox(store), Pages(store, settings)
        one = r"api/v1/message/(?P<wanted>[^/]+)"
        tag = r"api/v1/tags/(?P<tag>[^/]+)"
        self._routes = [
            Route("GET", "livez", lambda request: Response(), bare=True),
            Route("GET", "readyz", self._ready, bare=True),
            Route("GET", "api/v1/info", self._info),
            Route("GET", "api/v1/webui", self._webui),
            Route("GET", "api/v1/chaos", self._no_chaos),
            Route("PUT", "api/v1/chaos", self._no_chaos),
            Route("GET", "api/v1/messages", box.messages),
            Route("PUT", "api/v1/messages", box.mark),
            Route("DELETE", "api/v1/messages", box.delete),
            Route("GET", "api/v1/search", box.search),
            Route("DELETE", "api/v1/search", box.delete_found),
            Route("POST", "api/v1/send", self._send),
            Route("GET", "api/v1/tags", lambda request: as_json(list(store.tags.every()))),
            Route("PUT", "api/v1/tags", box.tag),
            Route("PUT", tag, box.rename_tag),
            Route("DELETE", tag, box.delete_tag),
            Route("GET", one, box.message),
            Route("GET", f"{one}/raw", box.raw),
            Route("GET", f"{one}/headers", box.headers),
            Route("GET", f"{one}/part/(?P<part>[^/]+)", box.part),
            Route("POST", f"{one}/release", self._no_relay),
            Route("OPTIONS", "api/v1/.*", lambda request: text("")),
            Route("GET", "api/events", self._events),
            Route("GET", "view/latest", pages.latest),
            Route("GET", r"view/(?P<wanted>.+)\.html", pages.html),
            Route("GET", r"view/(?P<wanted>.+)\.txt", pages.text),
            Route("GET", "(view/.*|search)?", pages.page),
            Route("GET", "(api|dist)/.*", self._no_file),
            Route("GET", r"favicon\.(ico|svg)", self._no_file),
        ]

    def limit(self, request: Request) -> int:
        """How many bytes a request's body may have; 0 is no limit."""
        return self.settings.max_size if request.path.endswith("/api/v1/send") else LARGEST_BODY

    def answer(self, request: Request) -> Response:
        """Find the route and call it; a refusal becomes its response."""
        request = replace(request, nonce=new_nonce())
        headers: tuple[tuple[str, str], ...] = ()
        try:
            route, values = find(self._routes, self.settings.webroot, request)
            if route.bare:
                return route.handler(request, **values)
            headers = self._guard.admit(request)
            return self._guard.finish(request, route.handler(request, **values).adding(*headers))
        except RefusedError as refused:
            response = refused.response.adding(*headers)
            return self._guard.finish(request, response) if headers else response

    def _ready(self, request: Request) -> Response:
        if not self.store.answers():
            raise RefusedError(503, "Service Unavailable\n", SNIFFED, NOSNIFF)
        return Response()

    def _info(self, request: Request) -> Response:
        total, unread = self.store.count()
        tally = self._intake.tally
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return as_json(
            {
                "Version": VERSION,
                "LatestVersion": "disabled",
                "Database": str(self.store.path or ""),
                "DatabaseSize": self.store.size(),
                "Messages": total,
                "Unread": unread,
                "Tags": self.store.tags.every(),
                "RuntimeStats": {
                    "Uptime": int(time.monotonic() - self._begun),
                    "Memory": peak * (1 if sys.platform == "darwin" else 1024),
                    "MessagesDeleted": self.store.deleted,
                    "SMTPAccepted": tally.accepted,
                    "SMTPAcceptedSize": tally.bytes,
                    "SMTPRejected": tally.rejected,
                    "SMTPIgnored": tally.ignored,
                },
            }
        )

    def _webui(self, request: Request) -> Response:
        texts = ("SMTPServer", "ReturnPath", "AllowedRecipients", "BlockedRecipients", "OverrideFrom")
        relay = {"Enabled": False, **dict.fromkeys(texts, ""), "PreserveMessageIDs": False, "RecipientAllowlist": ""}
        return as_json(
            {
                "Label": self.settings.label,
                "MessageRelay": relay,
                "SpamAssassin": False,
                "ChaosEnabled": False,
                "DuplicatesIgnored": "ignore-duplicate-ids" in self.settings.on,
                "HideDeleteAllButton": "hide-delete-all-button" in self.settings.on,
            }
        )

    def _send(self, request: Request) -> Response:
        if request.cut:
            return as_json({"Error": "http: request body too large"}, 413)
        user = credentials(request)
        try:
            sender, recipients, raw = outbox.build(request.json())
            return as_json({"ID": self._intake.accept(raw, sender, recipients, user[0] if user else "")})
        except (RefusedError, RefusedMailError, outbox.SendError) as error:
            return as_json({"Error": str(error)}, 400)

    def _events(self, request: Request) -> Response:
        wanted = ("Upgrade", "websocket"), ("Sec-Websocket-Version", "13")
        if all(value in request.header(name).lower() for name, value in wanted) and request.header("Sec-Websocket-Key"):
            return Response(101, is_upgrade=True)
        raise RefusedError(400, "Bad Request\n", SNIFFED, (("Sec-Websocket-Version", "13"), *NOSNIFF))

    def _no_chaos(self, request: Request) -> Response:
        raise RefusedError(400, "Chaos is not enabled")

    def _no_relay(self, request: Request, wanted: str) -> Response:
        if self.store.entry(wanted) is None:
            raise mailbox.gone()
        request.json()
        raise RefusedError(400, "No valid addresses found")

    def _no_file(self, request: Request) -> Response:
        raise RefusedError(404, "File not found\n", SNIFFED, NOSNIFF)
