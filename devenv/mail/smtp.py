"""Speaks SMTP over aiosmtpd, with Mailpit's answers, and hands each message to the intake; relays nothing."""

from __future__ import annotations

import asyncio
import collections
import logging
import re
import socket
import sqlite3
from contextlib import suppress
from datetime import datetime
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, syntax

from .desk import Desk
from .intake import RefusedMailError
from .mime import ADDRESS

FROM = re.compile(r"FROM: ?<([^<>\v]*)>(?: (.*)|$)", re.IGNORECASE)
TO = re.compile(r"TO: ?<([^<>\v]+)>(?: |$)", re.IGNORECASE)
SIZE = re.compile(r"(?:^| |,)SIZE=(.*?)(?:$|,| )", re.IGNORECASE)
LONGEST_ADDRESS = 1024
LONGEST_COMMAND = 2048
READ_AHEAD = 256 * 1024
END = b"\r\n.\r\n"
REWORDED = {
    "500 Error:": "500 5.5.2 Syntax error, command unrecognized",
    "500 Command line too long": "500 5.5.2 Line too long",
}
"""What aiosmtpd says by itself, and what Mailpit says then."""


class Connection(SMTP):
    """One client."""

    command_size_limit = LONGEST_COMMAND
    command_size_limits: dict[str, int] = collections.defaultdict(lambda: LONGEST_COMMAND)  # noqa: RUF012 (as its base)
    line_length_limit = READ_AHEAD
    AuthLoginUsernameChallenge = "Username:"
    AuthLoginPasswordChallenge = "Password:"

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.asked_from = False
        settings = desk.settings
        super().__init__(
            desk,
            data_size_limit=settings.max_size or None,
            enable_SMTPUTF8=True,
            hostname=desk.host,
            ident=f"{desk.name} ESMTP Service ready",
            auth_require_tls=not settings.offers_auth,
            authenticator=desk.authenticate,
            loop=asyncio.get_running_loop(),
        )

    def connection_made(self, transport: Any) -> None:
        self.desk.open.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self.desk.open.discard(self)
        super().connection_lost(error)

    def eof_received(self) -> bool | None:
        """What came before the end is still answered; the base would drop it."""
        return asyncio.StreamReaderProtocol.eof_received(self)

    async def handle_exception(self, error: Exception) -> str:
        if isinstance(error, asyncio.IncompleteReadError):  # the client is gone
            self.end()
            raise asyncio.CancelledError
        return "451 4.3.0 Requested action aborted: local error in processing"

    def end(self, status: str = "") -> None:
        if self.transport is not None:
            if status:
                self._writer.write(f"{status}\r\n".encode())
            self.transport.close()

    async def push(self, status: Any) -> None:
        if status is None or self.transport is None:
            return
        if isinstance(status, str):
            status = next((ours for theirs, ours in REWORDED.items() if status.startswith(theirs)), status)
        if status[:1] in ("4", "5"):
            level = "warning" if status[:1] == "4" else "error"
            self.desk.tell("error", {"Level": level, "Type": "smtpd", "IP": self.peer, "Message": status})
        with suppress(ConnectionError):
            await super().push(status)

    @property
    def peer(self) -> str:
        peer = self.session.peer if self.session else None
        return str(peer[0]).removeprefix("::ffff:") if isinstance(peer, tuple) else "127.0.0.1"

    def _set_rset_state(self) -> None:
        self.asked_from = False
        super()._set_rset_state()  # type: ignore[no-untyped-call]

    async def check_auth_needed(self, caller_method: str) -> bool:
        needed = self.desk.settings.smtp_auth is not None and not (self.session and self.session.authenticated)
        if needed:
            await self.push("530 5.7.0 Authentication required")
        return needed

    @syntax("EHLO hostname")
    async def smtp_EHLO(self, arg: str | None) -> None:  # noqa: N802 (aiosmtpd's name)
        self.asked_from = False
        await super().smtp_EHLO(arg or " ")

    @syntax("HELO hostname")
    async def smtp_HELO(self, arg: str | None) -> None:  # noqa: N802 (aiosmtpd's name)
        self.asked_from = False
        await super().smtp_HELO(arg or " ")

    @syntax("MAIL FROM:<address>")
    async def smtp_MAIL(self, arg: str | None) -> None:  # noqa: N802 (aiosmtpd's name)
        if await self.check_auth_needed("MAIL"):
            return
        await self.push(self._mail(arg or ""))

    def _mail(self, arg: str) -> str:
        if not (self.session and self.session.host_name is not None and self.envelope):
            return "503 5.5.1 Bad sequence of commands (HELO/EHLO required before MAIL)"
        if self.envelope.rcpt_tos:
            return "503 5.5.1 Bad sequence of commands (RSET/HELO/EHLO required before MAIL)"
        found = FROM.search(arg)
        if not found:
            return "501 5.5.4 Syntax error in parameters or arguments (invalid FROM parameter)"
        if found[1] and (problem := _problem(found[1])):
            return problem
        size = SIZE.search(found[2] or "")
        if size and not size[1].isdigit():
            return "501 5.5.4 Syntax error in parameters or arguments (invalid SIZE parameter)"
        if size and self.data_size_limit and int(size[1]) > self.data_size_limit:
            return self._too_large
        self.envelope.mail_from = found[1]
        self.asked_from = True
        return "250 2.1.0 Ok"

    @syntax("RCPT TO:<address>")
    async def smtp_RCPT(self, arg: str | None) -> None:  # noqa: N802 (aiosmtpd's name)
        if await self.check_auth_needed("RCPT"):
            return
        await self.push(self._recipient(arg or ""))

    def _recipient(self, arg: str) -> str:
        settings = self.desk.settings
        if not self.asked_from or not self.envelope:
            return "503 5.5.1 Bad sequence of commands (MAIL required before RCPT)"
        found = TO.search(arg)
        if not found:
            return "501 5.5.4 Syntax error in parameters or arguments (invalid TO parameter)"
        if problem := _problem(found[1]):
            return problem
        if len(self.envelope.rcpt_tos) >= (settings.max_recipients or 100):
            return "452 4.5.3 Too many recipients"
        if settings.allowed_recipients and not settings.allowed_recipients.search(found[1]):
            if "smtp-ignore-rejected-recipients" not in settings.on:
                return "550 5.1.0 Requested action not taken: mailbox unavailable"
            self.envelope.rcpt_options.append("dropped")
            return "250 2.1.5 Ok"
        self.envelope.rcpt_tos.append(found[1])
        return "250 2.1.5 Ok"

    @property
    def _too_large(self) -> str:
        limit = self.data_size_limit
        return f"552 5.3.4 Requested mail action aborted: exceeded storage allocation ({limit})"

    @syntax("DATA")
    async def smtp_DATA(self, arg: str | None) -> None:  # noqa: N802 (aiosmtpd's name)
        if await self.check_auth_needed("DATA"):
            return
        envelope = self.envelope
        if not envelope or not self.asked_from or not (envelope.rcpt_tos or envelope.rcpt_options):
            await self.push("503 5.5.1 Bad sequence of commands (MAIL & RCPT required before DATA)")
            return
        await self.push("354 Start mail input; end with <CR><LF>.<CR><LF>")
        content = await self._read_mail()
        if content is None:
            await self.push(self._too_large)
            return
        status = await self._store(envelope, content)
        if status.startswith("2"):
            self._set_rset_state()
        await self.push(status)

    async def _read_mail(self) -> bytes | None:
        """The message without its end and its doubled dots; None if it is larger than may be."""
        found = bytearray(b"\r\n")
        too_large = False
        while not found.endswith(END):
            try:
                found += await self._reader.readuntil(END[2:])
            except asyncio.LimitOverrunError as ahead:
                found += await self._reader.read(ahead.consumed)
            too_large = too_large or bool(self.data_size_limit and len(found) - len(END) > self.data_size_limit)
            if too_large:
                del found[: -len(END)]
            self._reset_timeout()
        return None if too_large else bytes(found[: -len(END) + 2]).replace(b"\n.", b"\n")[2:]

    async def _store(self, envelope: Envelope, content: bytes) -> str:
        if not envelope.rcpt_tos:
            return "250 2.0.0 Ok: queued"
        name = self.session.host_name if self.session else ""
        received = (
            f"Received: from {name} (unknown [{self.peer}])\r\n        by {self.desk.host} ({self.desk.name}) with SMTP"
            f"\r\n        for <{envelope.rcpt_tos[0]}>; {_now()}\r\n"
        )
        user = self.session.auth_data if self.session and isinstance(self.session.auth_data, str) else ""
        sender, recipients = envelope.mail_from or "", [str(address) for address in envelope.rcpt_tos]
        try:
            made = await self.desk.take(received.encode(errors="replace") + content, sender, recipients, user)
        except RefusedMailError as refused:
            return str(refused)
        except sqlite3.Error:
            return "451 4.3.5 Unable to process mail"
        return f"250 2.0.0 Ok: queued as {made}" if made else "250 2.0.0 Ok: queued"

    @syntax("RSET")
    async def smtp_RSET(self, arg: str | None) -> None:  # noqa: N802 (aiosmtpd's name)
        self._set_rset_state()
        await self.push("250 2.0.0 Ok")

    @syntax("NOOP")
    async def smtp_NOOP(self, arg: str | None) -> None:  # noqa: N802 (aiosmtpd's name)
        await self.push("250 2.0.0 Ok")

    @syntax("QUIT")
    async def smtp_QUIT(self, arg: str | None) -> None:  # noqa: N802 (aiosmtpd's name)
        self.end(f"221 2.0.0 {self.desk.host} {self.desk.name} ESMTP Service closing transmission channel")

    @syntax("AUTH <mechanism>")
    async def smtp_AUTH(self, arg: str | None) -> None:  # noqa: N802 (aiosmtpd's name)
        if not self.desk.settings.offers_auth:
            await self.push("502 5.5.1 Command not implemented")
        elif not arg:
            await self.push("501 5.5.4 Malformed AUTH input (argument required)")
        elif self.session and self.session.authenticated:
            await self.push("503 5.5.1 Bad sequence of commands (already authenticated for this session)")
        else:
            mechanism, space, rest = arg.partition(" ")
            await super().smtp_AUTH(mechanism.upper() + space + rest)

    async def not_implemented(self, arg: str | None) -> None:
        await self.push("502 5.5.1 Command not implemented")

    smtp_HELP = smtp_VRFY = smtp_EXPN = smtp_STARTTLS = not_implemented  # noqa: N815 (aiosmtpd's names)


def _now() -> str:
    now = datetime.now().astimezone()
    return f"{now:%a}, {now.day} {now:%b %Y %H:%M:%S %z (%Z)}"


def _problem(address: str) -> str:
    if not ADDRESS.fullmatch(address):
        return "553 5.1.3 The address is not a valid RFC 5321 address"
    return "500 The address is too long" if len(address) > LONGEST_ADDRESS else ""


async def serve(desk: Desk, listening: socket.socket) -> asyncio.Server:
    """Begin to accept connections in the running loop."""
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)  # aiosmtpd's own; what matters is told to the client
    return await asyncio.get_running_loop().create_server(lambda: Connection(desk), sock=listening)
