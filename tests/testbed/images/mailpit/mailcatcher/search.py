"""Understands Mailpit's search words; decides for one stored message at a time and changes none."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime

from .message import plain_words
from .store import Entry

Test = Callable[[Entry], bool]
FIELDS = {
    "to:": ("To",),
    "from:": ("From",),
    "cc:": ("Cc",),
    "bcc:": ("Bcc",),
    "reply-to:": ("ReplyTo",),
    "addressed:": ("To", "From", "Cc", "Bcc", "ReplyTo"),
    "subject:": ("Subject",),
    "message-id:": ("MessageID",),
}
STATES: dict[str, Test] = {
    "is:read": lambda entry: entry.read,
    "is:unread": lambda entry: not entry.read,
    "is:tagged": lambda entry: bool(entry.tags),
    "has:inline": lambda entry: entry.inline > 0,
    "has:inlines": lambda entry: entry.inline > 0,
    "has:attachment": lambda entry: bool(entry.facts["Attachments"]),
    "has:attachments": lambda entry: bool(entry.facts["Attachments"]),
}
UNITS = {"": 1, "k": 1024, "kb": 1024, "m": 1024**2, "mb": 1024**2}


def compile_query(query: str) -> Test:
    """A test that a message passes if it passes every word; `-` or `!` before a word turns it round."""
    tests = [_negatable(word) for word in split_words(query) if plain_words(word)]
    return lambda entry: all(test(entry) for test in tests)


def split_words(query: str) -> list[str]:
    """Words are divided by spaces outside double quotes, which are dropped."""
    words = re.findall(r'(?:[^\s"]|"[^"]*"?)+', query)
    return [word for word in (found.replace('"', "").strip() for found in words) if word]


def _negatable(word: str) -> Test:
    if len(word) > 1 and word[0] in "-!":
        test = _test(word[1:])
        return lambda entry: not test(entry)
    return _test(word)


def _test(word: str) -> Test:
    lower = word.lower()
    if lower in STATES:
        return STATES[lower]
    for prefix, fields in FIELDS.items():
        if lower.startswith(prefix):
            return _in_fields(fields, lower[len(prefix) :])
    name, _, value = lower.partition(":")
    if name == "tag":
        return lambda entry: value in (tag.lower() for tag in entry.tags)
    if name in ("larger", "smaller") and (size := _size(value)):
        return lambda entry: (int(str(entry.facts["Size"])) > size) == (name == "larger")
    if name in ("after", "before") and (moment := _moment(value)):
        return lambda entry: entry.created >= moment if name == "after" else entry.created <= moment
    return lambda entry: plain_words(word) in entry.searchable


def _in_fields(fields: tuple[str, ...], wanted: str) -> Test:
    if not wanted:
        return lambda entry: True
    return lambda entry: any(wanted in json.dumps(entry.facts[name], ensure_ascii=False).lower() for name in fields)


def _size(text: str) -> int:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s?([a-z]{0,2})", text)
    return int(float(found[1]) * UNITS[found[2]]) if found and found[2] in UNITS else 0


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text.upper().replace("/", "-"))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
