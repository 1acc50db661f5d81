"""Keeps caught mail in SQLite, for any thread; knows no protocol."""

from __future__ import annotations

import json
import secrets
import sqlite3
import tempfile
import threading
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .message import Mail, clean_tags, timestamp

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
Row = tuple[Any, ...]
SCHEMA = """
CREATE TABLE IF NOT EXISTS mail (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE NOT NULL, created INTEGER NOT NULL,
    read INTEGER NOT NULL DEFAULT 0, username TEXT NOT NULL, tags TEXT NOT NULL, inline INTEGER NOT NULL,
    summary TEXT NOT NULL, searchable TEXT NOT NULL, raw BLOB NOT NULL
)
"""
COLUMNS = "id, created, read, username, tags, inline, summary, searchable"


@dataclass(frozen=True)
class Entry:
    """A stored message without its raw bytes."""

    id: str
    created: datetime
    read: bool
    username: str
    tags: list[str]
    inline: int
    facts: dict[str, object]
    searchable: str

    def summary(self) -> dict[str, object]:
        """The entry of a list, as the API tells it."""
        return {
            "ID": self.id,
            "Read": self.read,
            "Created": timestamp(self.created),
            "Username": self.username,
            "Tags": self.tags,
            **self.facts,
        }


@dataclass(frozen=True)
class Counts:
    """What the mailbox holds, and what it has let go of since the start."""

    total: int
    unread: int
    tags: dict[str, int]
    deleted: int


class Store:
    """A mailbox; without a path it lies in a temporary file that `close` removes."""

    def __init__(self, path: str | None = None) -> None:
        self._temporary = None if path else tempfile.TemporaryDirectory(prefix="mailcatcher-")
        self.path = path or str(Path(self._temporary.name if self._temporary else "") / "mail.db")
        self._lock = threading.RLock()
        self._deleted = 0
        self._db = sqlite3.connect(self.path, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.execute(SCHEMA)

    def close(self) -> None:
        with self._lock:
            self._db.close()
            if self._temporary:
                self._temporary.cleanup()

    def answers(self) -> bool:
        with suppress(sqlite3.Error):
            self._run("SELECT 1")
            return True
        return False

    def size(self) -> int:
        """What the database takes, in bytes."""
        pages, page = self._run("PRAGMA page_count")[0][0], self._run("PRAGMA page_size")[0][0]
        return int(pages * page)

    def add(self, raw: bytes, username: str = "") -> str:
        """Keep a message and return the id that it got."""
        mail = Mail(raw)
        made = "".join(secrets.choice(ALPHABET) for _ in range(22))
        now = int(datetime.now(UTC).timestamp() * 1000)
        row = (made, now, username, json.dumps(mail.tags()), len(mail.inline), json.dumps(mail.summary()))
        self._run(
            "INSERT INTO mail (id, created, username, tags, inline, summary, searchable, raw) VALUES (?,?,?,?,?,?,?,?)",
            (*row, mail.searchable(), raw),
        )
        return made

    def entries(self) -> list[Entry]:
        """Everything, the newest first."""
        return [_entry(row) for row in self._run(f"SELECT {COLUMNS} FROM mail ORDER BY created DESC, number DESC")]

    def entry(self, wanted: str) -> Entry | None:
        rows = self._run(f"SELECT {COLUMNS} FROM mail WHERE id = ?", (wanted,))
        return _entry(rows[0]) if rows else None

    def raw(self, wanted: str) -> bytes | None:
        rows = self._run("SELECT raw FROM mail WHERE id = ?", (wanted,))
        return bytes(rows[0][0]) if rows else None

    def counts(self) -> Counts:
        tags: dict[str, int] = {}
        rows = self._run("SELECT read, tags FROM mail")
        for _, texts in rows:
            for tag in json.loads(texts):
                tags[tag] = tags.get(tag, 0) + 1
        ordered = dict(sorted(tags.items(), key=lambda item: item[0].lower()))
        return Counts(len(rows), sum(not read for read, _ in rows), ordered, self._deleted)

    def set_read(self, read: bool, ids: Iterable[str] | None = None) -> None:
        """Mark the named messages, or all of them."""
        if ids is None:
            self._run("UPDATE mail SET read = ?", (read,))
        for one in ids or ():
            self._run("UPDATE mail SET read = ? WHERE id = ?", (read, one))

    def set_tags(self, tags: list[str], ids: Iterable[str]) -> None:
        for one in ids:
            self._run("UPDATE mail SET tags = ? WHERE id = ?", (json.dumps(clean_tags(tags)), one))

    def delete(self, ids: Iterable[str] | None = None) -> None:
        """Remove the named messages, or all of them."""
        with self._lock:
            before = self._db.total_changes
            if ids is None:
                self._run("DELETE FROM mail")
            for one in ids or ():
                self._run("DELETE FROM mail WHERE id = ?", (one,))
            self._deleted += self._db.total_changes - before

    def prune(self, keep: int) -> None:
        """Remove the oldest beyond the number to keep; zero keeps all."""
        if keep > 0:
            self.delete(entry.id for entry in self.entries()[keep:])

    def _run(self, statement: str, values: Sequence[str | bytes | int] = ()) -> list[Row]:
        with self._lock:
            return self._db.execute(statement, values).fetchall()


def _entry(row: Row) -> Entry:
    made, created, read, username, tags, inline, facts, searchable = row
    moment = datetime.fromtimestamp(created / 1000, UTC)
    return Entry(
        id=made,
        created=moment,
        read=bool(read),
        username=username,
        tags=json.loads(tags),
        inline=inline,
        facts=json.loads(facts),
        searchable=searchable,
    )
