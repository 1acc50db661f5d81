"""Keeps which mail has which tags, in the store's database; upper and lower case are one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

LONGEST = 100
Run = Callable[[str, Sequence[str | bytes | int]], list[tuple[Any, ...]]]


class TagError(Exception):
    """A tag that isn't there, is there already, or can't be one; the text goes to the caller."""


def clean(tags: Iterable[str]) -> list[str]:
    """Each tag once, without the characters that one can't have."""
    found: dict[str, str] = {}
    for tag in tags:
        cleaned = " ".join(re.sub(r"[^a-zA-Z0-9\- _.@]", " ", tag).split())[:LONGEST]
        if cleaned:
            found.setdefault(cleaned.lower(), cleaned)
    return list(found.values())


class Tags:
    """The tags of all mails; a tag that no mail has is gone."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def every(self) -> dict[str, int]:
        """How many mails have each tag, in alphabetical order."""
        statement = "SELECT name, COUNT(mail) FROM tag LEFT JOIN mail_tag ON tag = number GROUP BY number ORDER BY name"
        return dict(self._run(statement, ()))

    def of(self, ids: Sequence[str]) -> dict[str, list[str]]:
        """The tags of each of these messages."""
        found: dict[str, list[str]] = {one: [] for one in ids}
        tagged = "tag JOIN mail_tag ON mail_tag.tag = tag.number JOIN mail ON mail_tag.mail = mail.number"
        for begin in range(0, len(ids), 500):
            some = ids[begin : begin + 500]
            marks = ",".join("?" * len(some))
            for one, name in self._run(f"SELECT id, name FROM {tagged} WHERE id IN ({marks}) ORDER BY name", some):
                found[one].append(name)
        return found

    def give(self, mail: int, tags: Iterable[str]) -> list[str]:
        """Add tags to a mail by its number, and return them as they are written already, where they are."""
        given = []
        for tag in clean(tags):
            self._run("INSERT OR IGNORE INTO tag (name) VALUES (?)", (tag,))
            number, name = self._run("SELECT number, name FROM tag WHERE name = ?", (tag,))[0]
            self._run("INSERT OR IGNORE INTO mail_tag (mail, tag) VALUES (?, ?)", (mail, number))
            given.append(name)
        return given

    def set(self, wanted: str, tags: Iterable[str]) -> list[str]:
        """Give a message these tags and no others."""
        applied = clean(tags)
        rows = self._run("SELECT number FROM mail WHERE id = ?", (wanted,))
        if rows:
            number = rows[0][0]
            self._run("DELETE FROM mail_tag WHERE mail = ?", (number,))
            self.give(number, applied)
            self.drop_unused()
        return applied

    def rename(self, old: str, new: str) -> None:
        """Raise TagError where the new name can't be one or is taken, or the old one is unknown."""
        cleaned = "".join(clean([new]))
        if not cleaned:
            raise TagError(f"invalid tag name: {cleaned}")
        if old == cleaned:
            return
        number = self._number(old)
        if self._run("SELECT 1 FROM tag WHERE name = ? AND number != ?", (cleaned, number)):
            raise TagError(f"tag already exists: {cleaned}")
        self._run("UPDATE tag SET name = ? WHERE number = ?", (cleaned, number))

    def delete(self, tag: str) -> None:
        """Take a tag from all mails; raises TagError where none has it."""
        self._run("DELETE FROM tag WHERE number = ?", (self._number(tag),))

    def drop_unused(self) -> None:
        self._run("DELETE FROM tag WHERE number NOT IN (SELECT tag FROM mail_tag)", ())

    def _number(self, tag: str) -> int:
        rows = self._run("SELECT number FROM tag WHERE name = ?", (tag,))
        if not rows:
            raise TagError(f"tag not found: {tag}")
        return int(rows[0][0])
