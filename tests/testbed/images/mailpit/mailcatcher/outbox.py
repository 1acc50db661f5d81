"""Builds the message that a JSON request to the send endpoint describes; stores and sends nothing."""

from __future__ import annotations

import base64
import binascii
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate
from typing import Any

RESERVED = ("To", "From", "Cc", "Bcc", "Reply-To", "Date", "Subject", "Content-Type", "Mime-Version")


class SendError(Exception):
    """A request that describes no message; the text goes to the caller."""


def build(wanted: dict[str, Any]) -> tuple[str, list[str], bytes]:
    """The envelope's sender, its recipients, and the message."""
    try:
        return _build(wanted)
    except (AttributeError, KeyError, TypeError) as error:
        raise SendError(f"error decoding the message: {error}") from error


def _build(wanted: dict[str, Any]) -> tuple[str, list[str], bytes]:
    message = EmailMessage()
    sender = _address(wanted.get("From") or {}, "From")
    message["From"] = sender
    recipients: list[str] = []
    for header in ("To", "Cc", "ReplyTo"):
        people = [_address(person, header) for person in wanted.get(header) or ()]
        if people:
            message["Reply-To" if header == "ReplyTo" else header] = people
        if header != "ReplyTo":
            recipients += [person.addr_spec for person in people]
    recipients += [_address({"Email": address}, "Bcc").addr_spec for address in wanted.get("Bcc") or ()]
    if not recipients:
        raise SendError("error building message: no recipients (to, cc, bcc) set")
    message["Subject"] = wanted.get("Subject") or ""
    message["Date"] = formatdate(localtime=True)
    _add_headers(message, wanted)
    message.set_content(wanted.get("Text") or "")
    if wanted.get("HTML"):
        message.add_alternative(wanted["HTML"], subtype="html")
    for attachment in wanted.get("Attachments") or ():
        _attach(message, attachment)
    return sender.addr_spec, recipients, message.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def _address(person: dict[str, str], header: str) -> Address:
    name, email = person.get("Name") or "", person.get("Email") or ""
    try:
        found = Address(display_name=name, addr_spec=email)
    except (ValueError, IndexError) as error:
        raise SendError(f"invalid {header} address: {email}") from error
    if not found.domain:
        raise SendError(f"invalid {header} address: {email}")
    return found


def _add_headers(message: EmailMessage, wanted: dict[str, Any]) -> None:
    reserved = {name.lower() for name in RESERVED}
    if wanted.get("Tags"):
        message["X-Tags"] = ", ".join(wanted["Tags"])
        reserved.add("x-tags")
    for name, value in (wanted.get("Headers") or {}).items():
        if name.lower() in reserved:
            raise SendError(f'cannot overwrite header: "{name}"')
        message[name] = value


def _attach(message: EmailMessage, attachment: dict[str, str]) -> None:
    name = attachment.get("Filename") or ""
    try:
        content = base64.b64decode(attachment.get("Content", "").rpartition(",")[2], validate=True)
    except binascii.Error as error:
        raise SendError(f'error decoding base64 attachment "{name}": {error}') from error
    main, _, sub = (attachment.get("ContentType") or "application/octet-stream").partition("/")
    inline = attachment.get("ContentID")
    message.add_attachment(
        content,
        maintype=main,
        subtype=sub.partition(";")[0] or "octet-stream",
        filename=name or None,
        disposition="inline" if inline else "attachment",
        cid=f"<{inline}>" if inline else None,
    )
