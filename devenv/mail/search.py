"""Turns Mailpit's search words into a condition of SQL; reads no mail itself."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from .message import simple

LIKE = {
    "to:": ("people_to",),
    "from:": ("people_from",),
    "cc:": ("people_cc",),
    "bcc:": ("people_bcc",),
    "reply-to:": ("people_replyto",),
    "addressed:": ("people_to", "people_from", "people_cc", "people_bcc", "people_replyto"),
    "subject:": ("subject",),
    "message-id:": ("message_id",),
}
"""Words with a value: the columns that are searched for it."""

TAGGED = "number IN (SELECT mail FROM mail_tag JOIN tag ON tag.number = mail_tag.tag{})"
STATES = {
    "is:read": "read = 1",
    "is:unread": "read = 0",
    "is:tagged": TAGGED.format(""),
    "has:inline": "inline > 0",
    "has:inlines": "inline > 0",
    "has:attachment": "attachments > 0",
    "has:attachments": "attachments > 0",
}
UNITS = {"": 1, "k": 1024, "kb": 1024, "m": 1024**2, "mb": 1024**2}
COMPARED = {
    "after:": ("created >= ?", "created <= ?"),
    "before:": ("created <= ?", "created >= ?"),
    "larger:": ("size > ?", "size < ?"),
    "smaller:": ("size < ?", "size > ?"),
}
"""Words with a date or a size: the condition, and the one with a minus before."""

DATES = (
    *("%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y/%m/%d", "%m/%d/%Y", "%m/%d/%Y %H:%M", "%m/%d/%y", "%Y-%m", "%Y"),
    *("%d %b %Y", "%b %d %Y", "%d %B %Y", "%B %d %Y", "%d.%m.%Y", "%d-%b-%Y", "%a %d %b %Y %H:%M:%S %z"),
)
Made = tuple[str, tuple[str | int, ...]]


@dataclass(frozen=True)
class Query:
    """A condition of SQL on the table `mail`, with the values of its question marks."""

    where: str
    values: tuple[str | int, ...]

    def created_before(self, milliseconds: int) -> Query:
        return Query(f"({self.where}) AND created < ?", (*self.values, milliseconds)) if milliseconds else self


def compile_query(text: str, zone: str = "") -> Query:
    """The condition that all words together make; `-` or `!` before a word turns it round."""
    parts = [part for word in split_words(text) if simple(word) and (part := _condition(word, zone))]
    return Query(" AND ".join(where for where, _ in parts) or "1", tuple(value for _, each in parts for value in each))


def split_words(text: str) -> list[str]:
    """Words are divided by spaces outside double quotes, which are dropped."""
    words = re.findall(r'(?:[^ "]|"[^"]*"?)+', text)
    return [word for word in (found.replace('"', "").strip() for found in words) if word]


def _condition(word: str, zone: str) -> Made | None:
    """None for a word that says nothing, such as a prefix without a value."""
    turned = len(word) > 1 and word[0] in "-!"
    word = word[1:] if turned else word
    lower = word.lower()
    if lower in STATES:
        return (f"NOT ({STATES[lower]})" if turned else STATES[lower]), ()
    prefix = lower[: lower.find(":") + 1]
    value = word[len(prefix) :]
    if prefix in LIKE:
        return _like(LIKE[prefix], value if prefix == "subject:" else simple(value), turned)
    if prefix == "tag:":
        where = TAGGED.format(" WHERE name = ?")
        return ((f"NOT {where}" if turned else where), (simple(value),)) if simple(value) else None
    if prefix in ("after:", "before:"):
        moment = milliseconds(simple(value).upper(), zone)
        return None if moment is None else (COMPARED[prefix][turned], (moment,))
    if prefix in COMPARED and (size := _size(simple(value))):
        return COMPARED[prefix][turned], (size,)
    return _like(("searchable",), simple(word), turned)


def _like(columns: tuple[str, ...], value: str, turned: bool) -> Made | None:
    if not value:
        return None
    value = value.replace("%", "%%")
    each = f"{{}} {'NOT ' if turned else ''}LIKE ?"
    where = (" AND " if turned else " OR ").join(each.format(column) for column in columns)
    return f"({where})", (f"%{value}%",) * len(columns)


def _size(text: str) -> int:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s?([a-z]{0,2})", text)
    return int(float(found[1]) * UNITS[found[2]]) if found and found[2] in UNITS else 0


def milliseconds(text: str, zone: str = "") -> int | None:
    """A date, or a date and time, since 1970; None for what is neither. Without a zone it is this machine's."""
    if re.fullmatch(r"\d{10}|\d{13}", text):
        return int(text) * (1000 if len(text) == 10 else 1)
    for read in (datetime.fromisoformat, *map(_reader, DATES)):
        try:
            found = read(text)
        except ValueError:
            continue
        if found.tzinfo is None:
            found = found.replace(tzinfo=_zone(zone)) if zone and _zone(zone) else found.astimezone()
        return int(found.timestamp() * 1000)
    return None


def _reader(form: str) -> Callable[[str], datetime]:
    return lambda text: datetime.strptime(text.replace(",", ""), form)


def _zone(name: str) -> tzinfo | None:
    from zoneinfo import ZoneInfo  # seldom asked for

    try:
        return UTC if name.upper() == "UTC" else ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        return None
