"""What all connections to the mail port share: settings, greetings, passwords, and where mail goes; reads no line."""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from .settings import Address, Settings
from .store import Tell

Take = Callable[[bytes, str, list[str], str], Awaitable[str]]


class Ending(Protocol):
    """A connection, as far as the desk knows it."""

    def end(self, status: str = "") -> None: ...


class Desk:
    """What all connections share: the settings, where mail goes, and which connections are open."""

    def __init__(self, settings: Settings, take: Take, tell: Tell) -> None:
        self.settings = settings
        self.take = take
        self.tell = tell
        self.open: set[Ending] = set()
        self.host = socket.gethostname()
        self.name = f"Mailpit ({settings.label})" if settings.label else "Mailpit"

    async def handle_EHLO(  # noqa: N802 (aiosmtpd's name)
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        auth = ["250-AUTH LOGIN PLAIN"] if self.settings.offers_auth else []
        size = f"250-SIZE {self.settings.max_size}"
        extensions = ["250-ENHANCEDSTATUSCODES", "250-8BITMIME", "250 SMTPUTF8"]
        return [f"250-{self.host} greets {hostname.strip()}", size, *auth, *extensions]

    async def handle_HELO(  # noqa: N802 (aiosmtpd's name)
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str
    ) -> str:
        session.host_name = hostname
        return f"250 {self.host} greets {hostname.strip()}"

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        if not isinstance(data, LoginPassword):
            return AuthResult(success=False, handled=False)
        try:
            user, password = data.login.decode(), data.password.decode()
        except UnicodeDecodeError:
            return AuthResult(success=False, handled=False)
        wanted = self.settings.smtp_auth
        good = wanted.match(user, password) if wanted else "smtp-auth-accept-any" in self.settings.on
        return AuthResult(success=good, handled=False, auth_data=user)

    def close(self) -> None:
        """End all connections at once; a message that was not yet accepted is for the sender to repeat."""
        for connection in list(self.open):
            connection.end(f"421 4.3.2 {self.host} {self.name} ESMTP Service shutting down")


def listening_socket(address: Address) -> socket.socket:
    """A socket for both address families where the host names neither; raises OSError where it is taken."""
    if address.host in ("", "::") and socket.has_dualstack_ipv6():
        return socket.create_server(("", address.port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=512)
    host = address.host if address.host not in ("", "::") else "0.0.0.0"  # noqa: S104 (asked for)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, address.port), family=family, backlog=512)
