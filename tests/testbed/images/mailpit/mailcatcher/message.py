"""Takes a raw message apart into what the API tells of it; stores nothing."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage, Message
from email.utils import parsedate_to_datetime
from functools import cached_property
from html.parser import HTMLParser
from typing import TypeVar

T = TypeVar("T")
SNIPPET_BYTES = 200
PLUS_TAGS = re.compile(r"^[^+]*\+(.*)@")


@dataclass(frozen=True)
class Person:
    """A name and an address, either of which may be empty."""

    Name: str = ""
    Address: str = ""


@dataclass(frozen=True)
class Part:
    """A part that is not the message's body."""

    part_id: str
    file_name: str
    content_type: str
    content_id: str
    content: bytes = field(repr=False)

    def summary(self) -> dict[str, object]:
        sums = {name: hashlib.new(name.lower(), self.content).hexdigest() for name in ("MD5", "SHA1", "SHA256")}
        return {
            "PartID": self.part_id,
            "FileName": self.file_name or self.content_id,
            "ContentType": self.content_type,
            "ContentID": self.content_id,
            "Size": len(self.content),
            "Checksums": sums,
        }


class Mail:
    """One message; every fact is read from the raw bytes when it is asked for."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self._tree: EmailMessage = message_from_bytes(raw, policy=policy.default)
        self.texts: list[str] = []
        self.htmls: list[str] = []
        self.attachments: list[Part] = []
        self.inline: list[Part] = []
        for part_id, part in _leaves(self._tree, "0"):
            self._sort(part_id, part)

    def _sort(self, part_id: str, part: Message) -> None:
        kind = part.get_content_type()
        disposition = _safe(part.get_content_disposition)
        named = _safe(part.get_filename) or ""
        if kind in ("text/plain", "text/html") and disposition != "attachment" and not named:
            (self.htmls if kind == "text/html" else self.texts).append(_text(part))
            return
        content_id = str(part.get("Content-ID", "")).strip().strip("<>")
        made = Part(part_id, named, kind, content_id, _content(part))
        attached = disposition == "attachment" or (disposition is None and kind == "application/octet-stream")
        (self.attachments if attached else self.inline).append(made)

    def header(self, name: str) -> str:
        """The decoded value of a header; empty if there is none."""
        value = _safe(lambda: self._tree[name])
        return "" if value is None else str(value).strip()

    def people(self, name: str) -> list[Person]:
        """The addresses of a header; empty for one that cannot be read as such."""
        value = _safe(lambda: self._tree[name])
        found = getattr(value, "addresses", ())
        return [Person(person.display_name, person.addr_spec) for person in found if person.addr_spec]

    @cached_property
    def sender(self) -> Person:
        people = self.people("From")
        return people[0] if people else Person(Name=self.header("From"))

    @property
    def message_id(self) -> str:
        return self.header("Message-ID").strip("<>")

    @property
    def return_path(self) -> str:
        return self.header("Return-Path").strip("<>") or self.sender.Address

    @property
    def date(self) -> datetime | None:
        found = _safe(lambda: parsedate_to_datetime(self.header("Date")))
        return found.replace(tzinfo=UTC) if found and found.tzinfo is None else found

    @property
    def html(self) -> str:
        return "\n".join(self.htmls)

    @property
    def text(self) -> str:
        """The plain text; for a message that only has HTML, what is left of that without its tags."""
        return "\n--\n".join(self.texts) if self.texts else strip_html(self.html)

    @property
    def snippet(self) -> str:
        words = " ".join((strip_html(self.html) if self.html.strip() else self.text).split())
        if len(words.encode()) <= SNIPPET_BYTES:
            return words
        return words.encode()[:SNIPPET_BYTES].decode(errors="ignore") + "..."

    def tags(self) -> list[str]:
        """What `X-Tags` and plus-addresses ask for."""
        found = self.header("X-Tags").split(",")
        for person in [self.sender, *self.people("To"), *self.people("Cc"), *self.people("Bcc")]:
            if plus := PLUS_TAGS.match(person.Address):
                found += plus[1].split("+")
        return clean_tags(found)

    def headers(self) -> dict[str, list[str]]:
        """Every header as it was sent, unfolded, by its canonical name in alphabetical order."""
        found: dict[str, list[str]] = {}
        for name, value in message_from_bytes(self.raw, policy=policy.compat32).items():
            canonical = "-".join(word.capitalize() for word in name.split("-"))
            found.setdefault(canonical, []).append(re.sub(r"\r?\n[ \t]+", " ", str(value)))
        return dict(sorted(found.items()))

    def part(self, part_id: str) -> Part | None:
        return next((part for part in self.inline + self.attachments if part.part_id == part_id), None)

    def summary(self) -> dict[str, object]:
        """The facts of a list's entry that never change."""
        return {
            "MessageID": self.message_id,
            **self._people_facts(),
            "Subject": self.header("Subject"),
            "Size": len(self.raw),
            "Attachments": len(self.attachments),
            "Snippet": self.snippet,
        }

    def details(self) -> dict[str, object]:
        """The facts of one message's page that never change; `Date` is absent if the message has none."""
        unsubscribe = self.header("List-Unsubscribe")
        date = {"Date": timestamp(self.date)} if self.date else {}
        return {
            "MessageID": self.message_id,
            **self._people_facts(),
            **date,
            "ReturnPath": self.return_path,
            "Subject": self.header("Subject"),
            "ListUnsubscribe": {
                "Header": unsubscribe,
                "Links": re.findall(r"<([^<>]+)>", unsubscribe),
                "Errors": "",
                "HeaderPost": self.header("List-Unsubscribe-Post") if unsubscribe else "",
            },
            "Text": self.text,
            "HTML": self.html,
            "Size": len(self.raw),
            "Inline": [part.summary() for part in self.inline if part.file_name or part.content_id],
            "Attachments": [part.summary() for part in self.attachments if part.file_name or part.content_id],
        }

    def _people_facts(self) -> dict[str, object]:
        lists = {"To": "To", "Cc": "Cc", "Bcc": "Bcc", "ReplyTo": "Reply-To"}
        others = {key: [asdict(person) for person in self.people(name)] for key, name in lists.items()}
        return {"From": asdict(self.sender), **others}

    def searchable(self) -> str:
        names = ("From", "Subject", "To", "Cc", "Bcc", "Reply-To", "Return-Path")
        words = [*map(self.header, names), strip_html(self.html) or self.text]
        return plain_words(" ".join([*words, *(part.file_name for part in self.attachments)]))


def timestamp(moment: datetime) -> str:
    """RFC 3339 with as many decimals as there are, and Z for UTC."""
    text = moment.strftime("%Y-%m-%dT%H:%M:%S")
    if moment.microsecond:
        text += f".{moment.microsecond:06d}".rstrip("0")
    offset = moment.strftime("%z")
    return text + ("Z" if offset in ("", "+0000") else f"{offset[:3]}:{offset[3:5]}")


def plain_words(text: str) -> str:
    """Lower case, one space between words, no punctuation of headers: what is searched and searched for."""
    return " ".join(re.sub(r'[\r\n\t><",;()\ufeff]', " ", text).split()).lower()


def clean_tags(tags: list[str]) -> list[str]:
    """Sorted, once each, without characters that a tag cannot have."""
    cleaned = {" ".join(re.sub(r"[^a-zA-Z0-9\- _.@]", " ", tag).split())[:100] for tag in tags}
    return sorted(cleaned - {""}, key=str.lower)


def strip_html(html: str) -> str:
    """The words of a page, without markup, style and script."""
    stripper = _Stripper()
    stripper.feed(html)
    stripper.close()
    return " ".join("".join(stripper.found).split())


class _Stripper(HTMLParser):
    hidden = ("style", "script", "head", "title")

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._depth += tag in self.hidden
        self.found.append(" ")

    def handle_endtag(self, tag: str) -> None:
        self._depth -= tag in self.hidden and self._depth > 0
        self.found.append(" ")

    def handle_data(self, data: str) -> None:
        if not self._depth:
            self.found.append(data)


def _leaves(part: Message, part_id: str) -> Iterator[tuple[str, Message]]:
    """The parts that hold content, each with its place in the tree: children of the root are 1, 2, …"""
    if not part.is_multipart() or part.get_content_type() == "message/rfc822":
        yield part_id, part
        return
    prefix = "" if part_id == "0" else f"{part_id}."
    for number, child in enumerate(part.iter_parts() if isinstance(part, EmailMessage) else (), start=1):
        yield from _leaves(child, f"{prefix}{number}")


def _content(part: Message) -> bytes:
    if part.get_content_type() == "message/rfc822":
        inner = part.get_payload(0)
        return inner.as_bytes() if isinstance(inner, Message) else b""
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _text(part: Message) -> str:
    try:
        return _content(part).decode(part.get_content_charset("utf-8"), errors="replace")
    except LookupError:
        return _content(part).decode(errors="replace")


def _safe(read: Callable[[], T]) -> T | None:
    """The standard library's header parser raises all sorts of errors on odd mail; such a header counts as absent."""
    try:
        return read()
    except Exception:
        return None
