"""Tells the facts of one message as the API words them; stores nothing."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property

from . import unsubscribe
from .mime import Part, Person, Tree
from .words import as_text, plain, snippet

PLUS_TAGS = re.compile(r"^[^+]*\+(.*?)@")
PEOPLE = {"To": "To", "Cc": "Cc", "Bcc": "Bcc", "ReplyTo": "Reply-To"}
SEARCHED = ("From", "Subject", "To", "Cc", "Bcc", "Reply-To", "Return-Path")
TEXTS = ("text/plain", "text/html")


class Mail:
    """One message; every fact is read from the raw bytes when it is asked for."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.tree = Tree(raw)

    @cached_property
    def _single(self) -> Part | None:
        """The only part of a mail that has no more."""
        return None if self.tree.is_multipart else self.tree.leaves[0]

    @cached_property
    def attachments(self) -> list[Part]:
        if self._single is None:
            return [part for part in self.tree.by_depth if part.is_attachment]
        text = self._single.kind in TEXTS and self._single.disposition != "attachment"
        return [] if text or self.inline else [self._single]

    @cached_property
    def inline(self) -> list[Part]:
        """Parts that say they are shown within the text."""
        if self._single is None:
            return [part for part in self.tree.by_depth if part.disposition == "inline"]
        return [self._single] if self._single.kind not in TEXTS and self._single.disposition == "inline" else []

    @cached_property
    def others(self) -> list[Part]:
        """Parts that say nothing of how they are shown, and that are no text."""
        if self._single is not None:
            return []
        parts = (part for part in self.tree.by_depth if not part.disposition and not part.is_attachment)
        return [part for part in parts if part.kind not in TEXTS]

    @cached_property
    def html(self) -> str:
        if self._single is not None:
            return "" if self.attachments or self.inline or self._single.kind != "text/html" else self._single.text
        return next((part.text for part in self.tree.leaves if part.is_body("text/html")), "")

    @cached_property
    def text(self) -> str:
        """The plain text; for a message that only has HTML, what that says."""
        found = self._text
        return found if found or not self.html else as_text(self.html)

    @property
    def _text(self) -> str:
        if self._single is not None:
            return "" if self.attachments or self.inline or self._single.kind == "text/html" else self._single.text
        if self.tree.kind == "multipart/alternative":
            return next((part.text for part in self.tree.by_depth if part.is_body("text/plain")), "")
        return "\n--\n".join(part.text for part in self.tree.leaves if part.is_body("text/plain"))

    @cached_property
    def sender(self) -> Person:
        people = self.tree.people("From")
        return people[0] if people else Person(name=self.tree.header("From"))

    @property
    def message_id(self) -> str:
        return self.tree.header("Message-ID").strip("<>")

    @property
    def subject(self) -> str:
        return self.tree.header("Subject")

    @property
    def date(self) -> datetime | None:
        """What the mail says, None if it says nothing that is a date."""
        try:
            found = parsedate_to_datetime(self.tree.header("Date"))
        except (TypeError, ValueError, IndexError, OverflowError):
            return None
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found

    @cached_property
    def snippet(self) -> str:
        return snippet(self.text, self.html)

    def people(self, key: str) -> list[dict[str, str]]:
        return [person.facts() for person in self.tree.people(PEOPLE[key])]

    def plus_tags(self) -> list[str]:
        """What the addresses ask for: `user+one+two@host` asks for two tags."""
        people = [*(person for key in ("To", "Cc", "Bcc") for person in self.tree.people(key)), self.sender]
        found = (PLUS_TAGS.match(person.address) for person in people)
        return [tag for match in found if match for tag in match[1].split("+")]

    def header_tags(self) -> list[str]:
        return self.tree.header("X-Tags").split(",")

    def headers(self) -> dict[str, list[str]]:
        """Every header as it was sent, unfolded, by its canonical name in alphabetical order."""
        found: dict[str, list[str]] = {}
        for name, value in self.tree.headers:
            canonical = "-".join(word[:1].upper() + word[1:].lower() for word in name.split("-"))
            found.setdefault(canonical, []).append(value)
        return dict(sorted(found.items()))

    def part(self, wanted: str) -> Part | None:
        parts = self.inline + self.others + self.attachments
        return next((part for part in parts if part.id == wanted), None)

    def details(self) -> dict[str, object]:
        """The facts of one message's page that lie in the message."""
        return_path = self.tree.header("Return-Path").strip("<>")
        stated, posted = self.tree.header("List-Unsubscribe"), self.tree.header("List-Unsubscribe-Post")
        return {
            "MessageID": self.message_id,
            "From": self.sender.facts(),
            **{key: self.people(key) for key in PEOPLE},
            "ReturnPath": return_path or self.sender.address,
            "Subject": self.subject,
            "ListUnsubscribe": unsubscribe.facts(stated, posted),
            "Text": self.text,
            "HTML": self.html,
            "Size": len(self.raw),
            "Inline": _summaries(self.inline + self.others),
            "Attachments": _summaries(self.attachments),
        }

    def searchable(self) -> str:
        """Everything that a word without a prefix is searched in."""
        found = [*map(self.tree.header, SEARCHED), plain(self.html, links=True) or self.text]
        return simple(" ".join([*found, *(part.file_name for part in self.attachments)]))


def _summaries(parts: list[Part]) -> list[dict[str, object]]:
    return [_summary(part) for part in parts if part.file_name or part.content_id]


def _summary(part: Part) -> dict[str, object]:
    sums = {name: hashlib.new(name.lower(), part.content).hexdigest() for name in ("MD5", "SHA1", "SHA256")}
    return {
        "PartID": part.id,
        "FileName": part.file_name or part.content_id,
        "ContentType": part.kind,
        "ContentID": part.content_id,
        "Size": len(part.content),
        "Checksums": sums,
    }


def timestamp(moment: datetime) -> str:
    """RFC 3339 with as many decimals as there are, and Z for UTC."""
    text = moment.strftime("%Y-%m-%dT%H:%M:%S")
    if moment.microsecond:
        text += f".{moment.microsecond:06d}".rstrip("0")
    offset = moment.strftime("%z")
    return text + ("Z" if offset in ("", "+0000") else f"{offset[:3]}:{offset[3:5]}")


def simple(text: str) -> str:
    """Lower case, one space between words, no punctuation of headers: what is searched and searched for."""
    return " ".join(re.sub(r'[\n\t><",;()\ufeff]', " ", text).split()).lower()
