"""Builds the message that a JSON request to the send endpoint describes; stores and sends nothing."""

from __future__ import annotations

import base64
import binascii
import os
import re
from email.header import Header
from email.utils import formatdate

from .exchange import Fields
from .mime import ADDRESS

RESERVED = ("To", "From", "Cc", "Bcc", "Reply-To", "Date", "Subject", "Content-Type", "Mime-Version")
LONGEST_LINE = 998
BINARY = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")
SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"BM", "image/bmp"),
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"\x1f\x8b\x08", "application/x-gzip"),
    (b"<?xml", "text/xml; charset=utf-8"),
    (b"<!DOCTYPE HTML", "text/html; charset=utf-8"),
    (b"<html", "text/html; charset=utf-8"),
)
"""How a content without a stated type begins, of the table at https://mimesniff.spec.whatwg.org what is common."""

Headers = dict[str, str]


class SendError(Exception):
    """A request that describes no message; the text goes to the caller."""


def build(wanted: Fields) -> tuple[str, list[str], bytes]:
    """The envelope's sender, its recipients, and the message; raises SendError for what can't be one."""
    sender = wanted.object("From")
    people = {name: _people(wanted, name) for name in ("To", "Cc", "ReplyTo")}
    hidden = wanted.texts("Bcc")
    for address in hidden:
        _valid(address, "Bcc")
    headers = {"From": _person(sender.text("Name"), sender.text("Email")), "Subject": _encoded(wanted.text("Subject"))}
    for name, header in (("To", "To"), ("Cc", "Cc"), ("ReplyTo", "Reply-To")):
        if people[name]:
            headers[header] = ",\r\n ".join(_person(*person) for person in people[name])
    headers["Date"] = formatdate(localtime=True)
    headers |= _own_headers(wanted)
    body = _body(wanted)
    if not sender.text("Email"):
        raise SendError("error building message: from not set")
    recipients = [address for name in ("To", "Cc") for _, address in people[name]] + hidden
    if not recipients:
        raise SendError("error building message: no recipients (to, cc, bcc) set")
    return sender.text("Email"), recipients, _written(headers | {"Mime-Version": "1.0"} | body[0], body[1])


def _people(wanted: Fields, name: str) -> list[tuple[str, str]]:
    found = [(person.text("Name"), person.text("Email")) for person in wanted.objects(name)]
    for _, address in found:
        _valid(address, "Reply-To" if name == "ReplyTo" else name)
    return found


def _valid(address: str, name: str) -> None:
    if not ADDRESS.fullmatch(address):
        raise SendError(f"invalid {name} address: {address}")


def _person(name: str, address: str) -> str:
    address = address if "@" in address or not address else f"{address}@"
    if not name:
        return f"<{address}>"
    if name.isascii():
        quoted = re.sub(r'(["\\])', r"\\\1", name)
        return f'"{quoted}" <{address}>'
    return f"{_encoded(name)} <{address}>"


def _encoded(value: str) -> str:
    """A header's value on one or more lines; never one that ends the headers."""
    value = re.sub(r"[\r\n]+", " ", value)
    if value.isascii():
        return re.sub(r"(.{60}\S*) ", "\\1\r\n ", value)
    return Header(value, "utf-8").encode(linesep="\r\n")


def _own_headers(wanted: Fields) -> Headers:
    tags = wanted.texts("Tags")
    found = {"X-Tags": _encoded(", ".join(tags))} if tags else {}
    reserved = {name.lower() for name in (*RESERVED, *found)}
    for name, value in wanted.pairs("Headers").items():
        if name.lower() in reserved:
            raise SendError(f'cannot overwrite header: "{name}"')
        found[re.sub(r"[^!-9;-~]", "", name)] = _encoded(value)
    return found


def _body(wanted: Fields) -> tuple[Headers, bytes]:
    """Text and HTML side by side, with them what is shown within, and beside them what is attached."""
    made = _leaf({"Content-Type": "text/plain; charset=utf-8"}, wanted.text("Text").encode(errors="replace"))
    if html := wanted.text("HTML"):
        page = _leaf({"Content-Type": "text/html; charset=utf-8"}, html.encode(errors="replace"))
        made = _multipart("alternative", [made, page])
    inline: list[tuple[Headers, bytes]] = []
    attached: list[tuple[Headers, bytes]] = []
    for attachment in wanted.objects("Attachments"):
        (inline if attachment.text("ContentID") else attached).append(_attachment(attachment))
    made = _multipart("related", [made, *inline]) if inline else made
    return _multipart("mixed", [made, *attached]) if attached else made


def _leaf(headers: Headers, content: bytes) -> tuple[Headers, bytes]:
    plain = headers["Content-Type"].startswith("text/") and content.isascii()
    if plain and all(len(line) <= LONGEST_LINE for line in content.split(b"\n")):
        return headers, content
    lines = base64.encodebytes(content).replace(b"\n", b"\r\n")
    return headers | {"Content-Transfer-Encoding": "base64"}, lines


def _multipart(kind: str, parts: list[tuple[Headers, bytes]]) -> tuple[Headers, bytes]:
    boundary = f"devenv-{os.urandom(16).hex()}"
    begin = f"--{boundary}\r\n".encode()
    content = b"".join(begin + _written(*part) + b"\r\n" for part in parts) + f"--{boundary}--\r\n".encode()
    return {"Content-Type": f'multipart/{kind};\r\n boundary="{boundary}"'}, content


def _written(headers: Headers, content: bytes) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return lines.encode(errors="replace") + b"\r\n" + content


def _attachment(wanted: Fields) -> tuple[Headers, bytes]:
    name, identity = wanted.text("Filename"), wanted.text("ContentID")
    try:
        content = base64.b64decode(encoded := _base64(wanted.text("Content")), validate=True)
    except binascii.Error as error:
        wrong = re.search("[^A-Za-z0-9+/=]", encoded)
        place = wrong.start() if wrong else len(encoded) // 4 * 4
        problem = f"illegal base64 data at input byte {place}"
        raise SendError(f'error decoding base64 attachment "{name}": {problem}') from error
    kind = re.sub(r"[\r\n]", "", wanted.text("ContentType")) or sniffed(content)
    written = re.sub(r'(["\\])', r"\\\1", _encoded(name))
    label = f';\r\n name="{written}"' if name and ";" not in kind else ""
    shown = "inline" if identity else "attachment"
    headers = {"Content-Type": kind + label, "Content-Disposition": f'{shown}; filename="{written}"' if name else shown}
    if identity:
        headers["Content-Id"] = "<" + re.sub(r"[<>\s]", "", identity) + ">"
    lines = base64.encodebytes(content).replace(b"\n", b"\r\n")
    return headers | {"Content-Transfer-Encoding": "base64"}, lines


def _base64(text: str) -> str:
    """Without what a browser's data address has before it, and on one line."""
    return re.sub(r"[\r\n]", "", text.rpartition(",")[2])


def sniffed(content: bytes) -> str:
    """The type of a content that states none."""
    start = content[:512]
    for signature, kind in SIGNATURES:
        if (
            start.lstrip().lower().startswith(signature.lower())
            if signature[:1] == b"<"
            else start.startswith(signature)
        ):
            return kind
    if start[:4] == b"RIFF" and start[8:14] == b"WEBPVP":
        return "image/webp"
    return "application/octet-stream" if BINARY.search(start) else "text/plain; charset=utf-8"
