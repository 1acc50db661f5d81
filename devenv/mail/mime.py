"""Takes a raw message apart into headers and parts, as forgivingly as Mailpit does; judges nothing by its content."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.header import decode_header
from email.message import Message
from email.utils import collapse_rfc2231_value, getaddresses
from functools import cached_property
from urllib.parse import unquote

ADDRESS = re.compile(r"[^\s@<>()\[\],;:\\\"]+@[^\s@<>(),;:\\\"]+|\"[^\"]+\"@[^\s@<>(),;:\\\"]+")
END_OF_HEAD = re.compile(rb"\r?\n\r?\n|\A\r?\n")


@dataclass(frozen=True)
class Person:
    """A name and an address, either of which may be empty."""

    name: str = ""
    address: str = ""

    def facts(self) -> dict[str, str]:
        return {"Name": self.name, "Address": self.address}


@dataclass(frozen=True)
class Part:
    """A leaf of the message's tree, with its place there: the root is 0, its children are 1, 2, …"""

    id: str
    kind: str
    disposition: str
    file_name: str
    content_id: str
    source: Message = field(repr=False)

    @property
    def is_attachment(self) -> bool:
        return self.disposition == "attachment" or self.kind == "application/octet-stream"

    def is_body(self, kind: str) -> bool:
        return self.kind == kind and self.disposition != "attachment"

    @cached_property
    def content(self) -> bytes:
        """The decoded bytes; of text that says its character set, in UTF-8."""
        if self.kind == "message/rfc822" and self.source.is_multipart():
            inner = self.source.get_payload(0)
            return inner.as_bytes(policy=WRITING) if isinstance(inner, Message) else b""
        found = self.source.get_payload(decode=True)
        content = found if isinstance(found, bytes) else b""
        stated = str(self.source.get_param("charset") or ("" if "Content-Type" in self.source else "us-ascii")).lower()
        charset = WESTERN.get(stated, stated)
        if self.kind.startswith("text/") and charset not in ("", "utf-8", "utf8") and not content.isascii():
            content = decoded(content, charset).encode()
        return content

    @property
    def text(self) -> str:
        return decoded(self.content, "utf-8")


WESTERN = dict.fromkeys(("us-ascii", "ascii", "iso-8859-1", "latin1", "iso_8859-1"), "cp1252")
"""Names of character sets that are read as windows-1252, as https://encoding.spec.whatwg.org has it."""

WRITING = policy.compat32.clone(linesep="\r\n", max_line_length=0, mangle_from_=False)


class Tree:
    """A parsed message: its headers by name, its leaves in the order of the document and by depth."""

    def __init__(self, raw: bytes) -> None:
        self._root: Message = message_from_bytes(raw, policy=policy.compat32)
        self.leaves = list(_leaves(self._root, "0"))

    @property
    def kind(self) -> str:
        return self._root.get_content_type()

    @property
    def is_multipart(self) -> bool:
        return self._root.is_multipart() and self._root.get_content_maintype() == "multipart"

    @cached_property
    def by_depth(self) -> list[Part]:
        """The upper leaves first."""
        return sorted(self.leaves, key=lambda part: part.id.count("."))

    @cached_property
    def headers(self) -> list[tuple[str, str]]:
        """Every header as it was sent, unfolded."""
        return [(name, _unfolded(value)) for name, value in self._root.raw_items()]

    def header(self, name: str) -> str:
        """The first header of that name, decoded; empty if there is none."""
        found = (value for each, value in self.headers if each.lower() == name.lower())
        return words(next(found, "")).strip()

    def people(self, name: str) -> list[Person]:
        """The addresses of a header; none at all where one of them can't be read, as Mailpit has it."""
        value = next((value for each, value in self.headers if each.lower() == name.lower()), "")
        return people(value)


def head(raw: bytes) -> bytes:
    """The bytes before the first empty line."""
    found = END_OF_HEAD.search(raw)
    return raw[: found.start()] if found else raw


def people(value: str) -> list[Person]:
    """The addresses of a header's value; none where one of them can't be read."""
    if re.fullmatch(r"[^:\"<>]*:\s*;?\s*", value):
        return []  # a group of nobody
    found = [(name, address) for name, address in getaddresses([value]) if name or address]
    if any(not ADDRESS.fullmatch(address) for _, address in found):
        return []
    return [Person(words(name), address) for name, address in found]


def decoded(content: bytes, charset: str) -> str:
    """Text by its character set; what can't be read becomes a mark, an unknown set counts as UTF-8."""
    try:
        return content.decode(charset, errors="replace")
    except LookupError:
        return content.decode(errors="replace")


def words(value: str) -> str:
    """A header's value with its encoded words decoded (RFC 2047); as it is, where that fails."""
    if "=?" not in value:
        return value
    try:
        pieces = decode_header(value)
    except ValueError:
        return value
    return "".join(
        decoded(piece, charset or "ascii") if isinstance(piece, bytes) else piece for piece, charset in pieces
    )


def _unfolded(value: object) -> str:
    text = re.sub(r"\s*\r?\n[ \t]+", " ", str(value)).strip()
    return text.encode(errors="surrogateescape").decode(errors="replace")


def _leaves(part: Message, place: str) -> Iterator[Part]:
    if part.is_multipart() and part.get_content_maintype() == "multipart":
        prefix = "" if place == "0" else f"{place}."
        for number, child in enumerate(part.get_payload(), start=1):
            if isinstance(child, Message):
                yield from _leaves(child, f"{prefix}{number}")
        return
    stated = part.get("Content-Type") is not None
    yield Part(
        id=place,
        kind=part.get_content_type() if stated or place == "0" else "",
        disposition=(part.get_content_disposition() or "") if stated or place == "0" else "",
        file_name=_file_name(part) if stated or place == "0" else "",
        content_id=unquote(_unfolded(part.get("Content-ID", "")).strip("<>")) if stated else "",
        source=part,
    )


def _file_name(part: Message) -> str:
    for name, header in (("filename", "content-disposition"), ("name", "content-type"), ("file", "content-type")):
        found = part.get_param(name, "", header)
        if found:
            return words(_unfolded(collapse_rfc2231_value(found))).strip()
    return ""
