"""Stands before every answer: origins, passwords, what a page may load, compression; knows no mail."""

from __future__ import annotations

import base64
import binascii
import re
from urllib.parse import urlsplit

from .exchange import NOSNIFF, SNIFFED, RefusedError, Request, Response
from .settings import Credentials, Settings
from .store import new_id

METHODS = "GET, POST, DELETE, PUT, OPTIONS"
POLICY = (
    "default-src 'self'; script-src {script}; style-src {style} 'unsafe-inline'; frame-src 'self'; "
    "img-src * data: blob:; font-src {style} data:; media-src 'self'; connect-src 'self' ws: wss:; "
    "object-src 'none'; base-uri 'self';"
)
"""What a mail may load; scripts need a nonce that is new with every answer, so that a mail has none."""

SEND = "api/v1/send"


class Guard:
    """Decides who gets in and what goes out."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._style = "'self'" if "block-remote-css-and-fonts" in settings.on else "*"

    def admit(self, request: Request) -> tuple[tuple[str, str], ...]:
        """The headers that the answer gets; raises RefusedError for who may not come in."""
        path = request.path.removeprefix(self._settings.webroot)
        headers = [
            ("Referrer-Policy", "no-referrer"),
            ("Content-Security-Policy", self.policy(f"'nonce-{request.nonce}'")),
        ]
        if path == SEND and not self._may_send(request):
            raise unauthorized(())
        if path.startswith("api/") or re.fullmatch(r"view/[a-zA-Z0-9]+\.html", path):
            if not self.same_origin(request):
                raise RefusedError(403, "Blocked due to CORS violation\n", SNIFFED, (*NOSNIFF, *headers))
            headers.append(("Access-Control-Allow-Origin", request.header("Origin")))
            headers += [("Access-Control-Allow-Methods", METHODS), ("Access-Control-Allow-Headers", "*")]
        if not self._let_in(request, path):
            raise unauthorized(tuple(headers))
        return tuple(headers)

    def policy(self, script: str) -> str:
        return POLICY.format(script=script, style=self._style)

    def same_origin(self, request: Request) -> bool:
        """Whether a page of the request's origin may read and change mails; what is no page has no origin."""
        origin = request.headers.get("Origin")
        if origin is None:
            return True
        try:
            host = urlsplit(origin).netloc.lower()
        except ValueError:
            return False
        origins = self._settings.origins
        return host == request.header("Host").lower() or "*" in origins or host in origins

    def _may_send(self, request: Request) -> bool:
        wanted = self._settings.send_auth
        free = wanted is None or "send-api-auth-accept-any" in self._settings.on
        return free or matches(wanted, request)

    def _let_in(self, request: Request, path: str) -> bool:
        own = self._settings.send_auth is not None or "send-api-auth-accept-any" in self._settings.on
        asked_before = bool(self._settings.origins) and request.method == "OPTIONS"
        wanted = self._settings.ui_auth
        return wanted is None or asked_before or (path == SEND and own) or matches(wanted, request)

    def finish(self, request: Request, response: Response) -> Response:
        """Compress what the client would like to have compressed."""
        off = "disable-http-compression" in self._settings.on or response.is_upgrade
        if off or "gzip" not in request.header("Accept-Encoding"):
            return response
        import gzip  # few clients ask for it

        headers = tuple(each for each in response.headers if each != ("Content-Type", SNIFFED) or response.status < 400)
        body = gzip.compress(response.body, compresslevel=1)
        return Response(response.status, body, (*headers, ("Content-Encoding", "gzip")))


def credentials(request: Request) -> tuple[str, str] | None:
    """The user and password that the request brings, None if it brings none."""
    scheme, _, given = request.header("Authorization").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(given, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (user, password) if colon else None


def matches(wanted: Credentials | None, request: Request) -> bool:
    given = credentials(request)
    return wanted is not None and given is not None and wanted.match(*given)


def unauthorized(headers: tuple[tuple[str, str], ...]) -> RefusedError:
    return RefusedError(401, "Unauthorized.\n", SNIFFED, (("WWW-Authenticate", 'Basic realm="Login"'), *headers))


def new_nonce() -> str:
    return new_id()
