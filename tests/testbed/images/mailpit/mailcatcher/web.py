"""Carries HTTP between a socket and the API: bodies, passwords, foreign pages; decides nothing about mail."""

from __future__ import annotations

import base64
import binascii
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, unquote, urlsplit

from .api import Api, Request, Response
from .settings import Settings
from .smtp import listening_socket

LARGEST_BODY = 5 * 1024 * 1024
PROBES = ("livez", "readyz")


class Server(ThreadingHTTPServer):
    """An HTTP server on a socket of ours, which answers from one Api."""

    daemon_threads = True

    def __init__(self, api: Api, settings: Settings) -> None:
        self.api = api
        self.settings = settings
        super().__init__((settings.http.host, settings.http.port), Connection, bind_and_activate=False)
        self.socket.close()
        self.socket = listening_socket(settings.http)
        self.server_address = self.socket.getsockname()


class Connection(BaseHTTPRequestHandler):
    """One client; every method ends in the same answer."""

    server: Server
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        path = unquote(address.path)
        body = self._body(path)
        if body is None:
            self.close_connection = True
            self._write(Response(413, b"http: request body too large"))
        elif not self._foreign_page_may(path):
            self._write(Response(403, b"Blocked due to CORS violation\n"))
        elif not self._let_in(path):
            self._write(Response(401, b"Unauthorized.\n", headers=(("WWW-Authenticate", 'Basic realm="Login"'),)))
        else:
            self._write(self.server.api.answer(Request(self.command, path, dict(parse_qsl(address.query)), body)))

    do_HEAD = do_POST = do_PUT = do_DELETE = do_OPTIONS = do_GET  # noqa: N815 (the base class' names)

    def _body(self, path: str) -> bytes | None:
        length = self.headers.get("Content-Length", "0")
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            return self._chunks()
        limit = self.server.settings.max_size * 2 if path.endswith("/api/v1/send") else LARGEST_BODY
        return self.rfile.read(int(length)) if length.isdigit() and int(length) <= limit else None

    def _chunks(self) -> bytes | None:
        found = bytearray()
        try:
            while size := int(self.rfile.readline(64).partition(b";")[0], 16):
                found += self.rfile.read(size)
                self.rfile.readline(8)
                if len(found) > LARGEST_BODY:
                    return None
        except ValueError:
            return None
        self.rfile.readline(8)
        return bytes(found)

    def _foreign_page_may(self, path: str) -> bool:
        """A page of another origin may not read or change mail."""
        origin = self.headers.get("Origin")
        inside = path.removeprefix(self.server.settings.webroot)
        guarded = inside.startswith("api/") or (inside.startswith("view/") and inside.endswith(".html"))
        same = origin is None or urlsplit(origin).netloc.lower() == self.headers.get("Host", "").lower()
        return same or not guarded

    def _let_in(self, path: str) -> bool:
        wanted = self.server.settings.ui_auth
        if wanted is None or path.removeprefix(self.server.settings.webroot) in PROBES:
            return True
        scheme, _, given = self.headers.get("Authorization", "").partition(" ")
        try:
            user, _, password = base64.b64decode(given, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return False
        return scheme.lower() == "basic" and wanted.match(user, password)

    def _write(self, response: Response) -> None:
        self.send_response(response.status)
        self.send_header("Content-Type", response.kind)
        self.send_header("Content-Length", str(len(response.body)))
        self.send_header("Referrer-Policy", "no-referrer")
        for name, value in response.headers:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class' name)
        """Requests are not logged."""
