"""Keeps caught mail in SQLite, for one thread at a time; knows no protocol and tells of changes only by `tell`."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .message import PEOPLE, Mail, timestamp
from .search import Query
from .tags import Tags

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
ID_LENGTH = 22
FULL = 1024**3
"""A database of this many bytes is pruned at once; else that waits for its minute, as it does in Mailpit."""

MANY = 200
"""More deletions than these are told as one."""

Row = tuple[Any, ...]
Tell = Callable[[str, object], None]
SCHEMA = """
CREATE TABLE IF NOT EXISTS mail (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE NOT NULL, created INTEGER NOT NULL,
    read INTEGER NOT NULL DEFAULT 0, message_id TEXT NOT NULL, subject TEXT NOT NULL, username TEXT NOT NULL,
    people_from TEXT NOT NULL, people_to TEXT NOT NULL, people_cc TEXT NOT NULL, people_bcc TEXT NOT NULL,
    people_replyto TEXT NOT NULL, size INTEGER NOT NULL, inline INTEGER NOT NULL, attachments INTEGER NOT NULL,
    snippet TEXT NOT NULL, searchable TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS mail_created ON mail (created);
CREATE INDEX IF NOT EXISTS mail_unread ON mail (read);
CREATE TABLE IF NOT EXISTS source (
    mail INTEGER PRIMARY KEY REFERENCES mail (number) ON DELETE CASCADE, raw BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS tag (number INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL COLLATE NOCASE);
CREATE TABLE IF NOT EXISTS mail_tag (
    mail INTEGER NOT NULL REFERENCES mail (number) ON DELETE CASCADE,
    tag INTEGER NOT NULL REFERENCES tag (number) ON DELETE CASCADE, PRIMARY KEY (mail, tag)
);
CREATE INDEX IF NOT EXISTS mail_tag_tag ON mail_tag (tag);
"""
COLUMNS = (
    "id, message_id, read, people_from, people_to, people_cc, people_bcc, people_replyto, subject, created, username, "
    "size, attachments, snippet"
)
NEWEST_FIRST = "ORDER BY created DESC, number DESC"
NOBODY = "{}"
EVERY = Query("1", ())


@dataclass(frozen=True)
class Summary:
    """A stored message without its raw bytes and its tags, as the table has it."""

    id: str
    message_id: str
    read: int
    sender: str
    to: str
    cc: str
    bcc: str
    reply_to: str
    subject: str
    created: int
    username: str
    size: int
    attachments: int
    snippet: str

    @property
    def moment(self) -> datetime:
        return datetime.fromtimestamp(self.created / 1000, UTC).astimezone()

    def facts(self, tags: list[str], nobody: list[object] | None) -> dict[str, object]:
        """The entry of a list; an address list without addresses is given as `nobody`."""
        lists = {"To": self.to, "Cc": self.cc, "Bcc": self.bcc, "ReplyTo": self.reply_to}
        return {
            "ID": self.id,
            "MessageID": self.message_id,
            "Read": bool(self.read),
            "From": json.loads(self.sender),
            **{key: nobody if text == NOBODY else json.loads(text) for key, text in lists.items()},
            "Subject": self.subject,
            "Created": timestamp(self.moment),
            "Username": self.username,
            "Tags": tags,
            "Size": self.size,
            "Attachments": self.attachments,
            "Snippet": self.snippet,
        }


def new_id() -> str:
    """22 letters and digits that no other message has."""
    number, signs = int.from_bytes(os.urandom(16), "big"), ""
    for _ in range(ID_LENGTH):
        number, rest = divmod(number, len(ALPHABET))
        signs += ALPHABET[rest]
    return signs


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) if value else NOBODY


class Store:
    """A mailbox; without a path SQLite keeps it in a file without a name, which is gone with the process.

    Raises sqlite3.Error and OSError where the database can't be written.
    """

    def __init__(self, path: Path | None = None, tell: Tell = lambda kind, data: None, *, wal: bool = True) -> None:
        self.path = path
        self.tell = tell
        self.deleted = 0
        self._db = sqlite3.connect(path or "", check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA auto_vacuum = INCREMENTAL")
        self._db.execute(f"PRAGMA journal_mode = {'WAL' if wal else 'DELETE'}")
        self._db.execute("PRAGMA synchronous = NORMAL")  # a commit outlives the process; only the machine may lose it
        self._db.execute("PRAGMA journal_size_limit = 4194304")
        self._db.execute("PRAGMA foreign_keys = ON")
        self._db.executescript(SCHEMA)
        self._db.execute(
            "PRAGMA user_version = 1"
        )  # fails here, and not at the first mail, where nothing can be written
        self.tags = Tags(self._run)

    def close(self) -> None:
        self._db.close()

    def answers(self) -> bool:
        with suppress(sqlite3.Error):
            self._run("SELECT 1")
            return True
        return False

    def size(self) -> int:
        """What the database takes, in bytes."""
        return int(self._run("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()")[0][0])

    def add(self, mail: Mail, *, username: str = "", created: datetime | None = None, tags: Sequence[str] = ()) -> str:
        """Keep a message and return the id that it got; when it returns, the message outlives the process."""
        made, moment = new_id(), int(created.timestamp() * 1000 if created else time.time() * 1000)
        values = {
            "id": made,
            "created": moment,
            "message_id": mail.message_id,
            "subject": mail.subject,
            "username": username,
            "people_from": _json(mail.sender.facts()),
            **{f"people_{key.lower()}": _json(mail.people(key)) for key in PEOPLE},
            "size": len(mail.raw),
            "inline": len(mail.inline),
            "attachments": len(mail.attachments),
            "snippet": mail.snippet,
            "searchable": mail.searchable(),
        }
        with self._transaction():
            statement = f"INSERT INTO mail ({', '.join(values)}) VALUES ({', '.join('?' * len(values))})"
            number = self._db.execute(statement, [_storable(value) for value in values.values()]).lastrowid or 0
            self._run("INSERT INTO source (mail, raw) VALUES (?, ?)", (number, mail.raw))
            given = self.tags.give(number, tags)
        summary = self.entry(made)
        if given:
            self.tell("update", {"ID": made, "Tags": given})
        if summary:
            self.tell("new", summary.facts(given, []))
        self.tell("stats", None)
        return made

    def knows(self, message_id: str) -> bool:
        return bool(self._run("SELECT 1 FROM mail WHERE message_id = ? LIMIT 1", (message_id,)))

    def find(self, query: Query = EVERY, start: int = 0, limit: int = -1) -> list[Summary]:
        """What matches, the newest first."""
        statement = f"SELECT {COLUMNS} FROM mail WHERE {query.where} {NEWEST_FIRST} LIMIT ? OFFSET ?"
        return [Summary(*row) for row in self._run(statement, (*query.values, limit, start))]

    def count(self, query: Query = EVERY) -> tuple[int, int]:
        """How many match, and how many of these are unread."""
        statement = f"SELECT COUNT(*), COALESCE(SUM(read = 0), 0) FROM mail WHERE {query.where}"
        total, unread = self._run(statement, query.values)[0]
        return total, unread

    def entry(self, wanted: str) -> Summary | None:
        rows = self._run(f"SELECT {COLUMNS} FROM mail WHERE id = ?", (wanted,))
        return Summary(*rows[0]) if rows else None

    def raw(self, wanted: str) -> bytes | None:
        rows = self._run("SELECT raw FROM source JOIN mail ON number = mail WHERE id = ?", (wanted,))
        return bytes(rows[0][0]) if rows else None

    def mark(self, read: bool, ids: Iterable[str]) -> None:
        """Mark the named messages."""
        changed = []
        with self._transaction():
            for one in ids:
                update = "UPDATE mail SET read = ? WHERE id = ? AND read != ?"
                if self._db.execute(update, (read, one, read)).rowcount:
                    changed.append(one)
        for one in changed:
            self.tell("update", {"ID": one, "Read": read})
        if changed:
            self.tell("stats", None)

    def mark_all(self, read: bool) -> None:
        self._run("UPDATE mail SET read = ? WHERE read != ?", (read, read))
        self.tell("stats", None)

    def delete(self, ids: Iterable[str]) -> None:
        """Remove the named messages."""
        gone = []
        with self._transaction():
            for one in dict.fromkeys(ids):
                if self._db.execute("DELETE FROM mail WHERE id = ?", (one,)).rowcount:
                    gone.append(one)
        self._after_deleting(len(gone))
        if len(gone) > MANY:
            self.tell("prune", None)
            return
        for one in gone:
            self.tell("delete", {"ID": one})

    def delete_all(self) -> None:
        gone = self._db.execute("DELETE FROM mail WHERE 1").rowcount
        self._after_deleting(gone)
        self.tell("truncate", None)
        self.tell("stats", None)

    def prune(self, keep: int, hours: int = 0) -> None:
        """Remove the oldest beyond the number to keep, and what is older than the hours; zero is no limit."""
        gone = 0
        if keep > 0:
            oldest = f"SELECT number FROM mail {NEWEST_FIRST} LIMIT -1 OFFSET ?"
            gone += self._db.execute(f"DELETE FROM mail WHERE number IN ({oldest})", (keep,)).rowcount
        if hours > 0:
            limit = int((time.time() - hours * 3600) * 1000)
            gone += self._db.execute("DELETE FROM mail WHERE created < ?", (limit,)).rowcount
        if gone:
            self._after_deleting(gone)
            self.tell("prune", None)

    def _after_deleting(self, number: int) -> None:
        if number:
            self.deleted += number
            self.tell("stats", None)
            self.tags.drop_unused()
            self._db.executescript("PRAGMA incremental_vacuum")  # as a single statement it would free a single page
            self._run("PRAGMA wal_checkpoint(TRUNCATE)")  # or the file would keep its size

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def _run(self, statement: str, values: Sequence[str | bytes | int] = ()) -> list[Row]:
        return self._db.execute(statement, values).fetchall()


def _storable(value: object) -> object:
    """Half a surrogate pair can't be stored; a mail that has one is still a mail."""
    return value.encode(errors="replace").decode() if isinstance(value, str) else value
