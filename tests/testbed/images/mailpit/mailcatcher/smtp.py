"""Speaks SMTP and stores what it is given; relays nothing and turns nobody away but by the limits."""

from __future__ import annotations

import asyncio
import socket
from email.utils import formatdate
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session, syntax

from .intake import accept
from .settings import Address, Settings
from .store import Store


class Handler:
    """What aiosmtpd asks about each message."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self.store = store
        self.settings = settings
        self.accepted = 0
        self.accepted_bytes = 0
        self.rejected = 0

    async def handle_RCPT(  # noqa: N802 (aiosmtpd's name)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if len(envelope.rcpt_tos) >= self.settings.max_recipients:
            self.rejected += 1
            return "452 4.5.3 Too many recipients"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 (aiosmtpd's name)
        content = envelope.original_content or b""
        peer = str(session.peer[0]).removeprefix("::ffff:") if isinstance(session.peer, tuple) else "unknown"
        received = f"Received: from {session.host_name} ({peer})\r\n\tby mailpit with SMTP; {formatdate()}\r\n"
        sender = envelope.mail_from or ""
        username = session.auth_data.decode() if isinstance(session.auth_data, bytes) else ""
        made = accept(self.store, received.encode() + content, sender, envelope.rcpt_tos, username)
        self.accepted += 1
        self.accepted_bytes += len(content)
        return f"250 2.0.0 Ok: queued as {made}"


class CatchingSMTP(SMTP):
    """Without credentials AUTH is no command at all, as it is not offered either."""

    offers_auth = False

    @syntax("AUTH <mechanism>")
    async def smtp_AUTH(self, arg: str) -> None:  # noqa: N802 (aiosmtpd's name)
        if self.offers_auth:
            await super().smtp_AUTH(arg)
        else:
            await self.push("502 5.5.1 Command not implemented")


def listening_socket(address: Address) -> socket.socket:
    """A socket for both address families where the host names neither."""
    if address.host in ("", "::") and socket.has_dualstack_ipv6():
        return socket.create_server(("", address.port), family=socket.AF_INET6, dualstack_ipv6=True)
    host = "0.0.0.0" if address.host in ("", "::") else address.host
    return socket.create_server((host, address.port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)


async def serve(handler: Handler) -> asyncio.Server:
    """Begin to listen in the running loop."""
    settings = handler.settings

    def authenticate(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        if not isinstance(data, LoginPassword):
            return AuthResult(success=False, handled=False)
        user, password = data.login.decode(), data.password.decode()
        good = settings.smtp_auth_any or bool(settings.smtp_auth and settings.smtp_auth.match(user, password))
        return AuthResult(success=good, handled=good, auth_data=data.login)

    def connection() -> SMTP:
        made = CatchingSMTP(
            handler,
            data_size_limit=settings.max_size,
            enable_SMTPUTF8=True,
            hostname="mailpit",
            ident="Mailpit ESMTP Service ready",
            auth_require_tls=not settings.offers_auth,
            authenticator=authenticate,
        )
        made.offers_auth = settings.offers_auth
        return made

    return await asyncio.get_running_loop().create_server(connection, sock=listening_socket(settings.smtp))
