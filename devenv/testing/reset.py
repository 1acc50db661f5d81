"""Bringing a test's database back to what it was, in two questions to the server; it makes nothing in the database.

Tables that were empty are emptied; those with rows of the setup are put back where they changed; sequences go back.
Triggers and foreign keys keep still meanwhile (`session_replication_role`), which takes a superuser, as the app's role
of a devenv postgres is one.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from devenv.testing.shape import LEFT_OPEN, ROWS, SEQUENCES, SHAPE, STUBBORN, TABLES

if TYPE_CHECKING:
    import psycopg

_LARGEST = 4 << 20
"""Bytes of a table's rows that are kept in memory to be put back; a larger one is put back by a new clone."""
_PATIENCE = 2.0
"""Seconds in which connections with an open transaction end."""
_LOCKED = "100ms"
"""How long a lock of somebody else is waited for."""


class Reset:
    """Knows what a database was like, and brings it back. Methods raise `psycopg.Error`."""

    def __init__(self, url: str) -> None:
        """Look at the database, which nobody has changed yet since its setup."""
        self._url = url
        self._connect()
        self._kept: dict[str, bytes | None] = {}
        self._empty = []
        self._now: dict[str, str] = {}  # by the names of tables with rows: what tells whether these are the same
        for name, view in self._connection.execute(TABLES).fetchall():
            if view or self._one(f"select exists (select from only {name})"):
                self._kept[name] = None if view else self._rows(name)
                self._now[name] = self._one(f"select {ROWS} from only {name}")
            else:
                self._empty.append(name)
        self._sequences = {}  # with what puts each of them back
        moved = []
        for (name,) in self._connection.execute(SEQUENCES).fetchall():
            row = self._connection.execute(f"select last_value, is_called from {name}").fetchone()
            assert row
            last, called = int(row[0]), bool(row[1])
            self._sequences[name] = f"select setval({sql_literal(name)}, {last}, {called})"
            moved.append(f"(select (last_value, is_called) <> ({last}, {called}) from {name})")
        self._stubborn = self._one(STUBBORN)
        self._shape = self._one(SHAPE)
        self._begun = dict(self._now)
        rows = ", ".join(f"(select {ROWS} from only {name})" for name in self._now)
        filled = ", ".join(f"exists (select from only {name})" for name in self._empty)
        self._question = (
            f"select ({SHAPE}), (select count(*) {LEFT_OPEN}), array[{rows}]::text[], "
            f"array[{filled}]::boolean[], array[{', '.join(moved)}]::boolean[]"
        )

    def again(self) -> None:
        """The database is another one, of the same template: an exact copy of what was looked at."""
        self._connect()
        self._now = dict(self._begun)

    def run(self) -> bool:
        """Bring it back; False where only a new clone of the template can."""
        found = self._look()
        if found is None or self._stubborn:
            return False
        rows, filled, moved = found
        changed = [name for (name, now), row in zip(self._now.items(), rows, strict=True) if row != now]
        if any(self._kept[name] is None for name in changed):
            return False
        back = [f"delete from only {name}" for name, is_filled in zip(self._empty, filled, strict=True) if is_filled]
        back += [put for put, is_moved in zip(self._sequences.values(), moved, strict=True) if is_moved]
        if back:
            self._connection.execute("; ".join(back))
        if changed:
            self._put_back(changed)
        return True

    def close(self) -> None:
        """End the connection."""
        self._connection.close()

    def _connect(self) -> None:
        import psycopg

        self._connection: psycopg.Connection[tuple[Any, ...]] = psycopg.connect(self._url, autocommit=True)
        self._connection.execute(
            f"set lock_timeout = '{_LOCKED}'; set session_replication_role = replica; set statement_timeout = 0;"
            "set default_transaction_read_only = off; set datestyle = iso; set intervalstyle = postgres"
        )

    def _look(self) -> tuple[Any, ...] | None:
        """Of tables with rows what tells whether they changed, which others are filled, which sequences moved.

        None where the schema is another one. Transactions that were left open are ended first: what they wrote and
        locked is of an earlier test.
        """
        deadline = time.monotonic() + _PATIENCE
        while True:
            if (row := self._ask()) is not None:
                shape, left_open, *found = row
                if shape != self._shape:
                    return None
                if not left_open:
                    return tuple(found)
            if time.monotonic() > deadline:
                return None
            self._connection.execute(f"select pg_terminate_backend(pid) {LEFT_OPEN}")
            threading.Event().wait(0.005)

    def _ask(self) -> tuple[Any, ...] | None:
        """The answer; None where somebody has locked what it is about."""
        import psycopg

        try:
            return self._connection.execute(self._question).fetchone()
        except psycopg.errors.LockNotAvailable:
            return None

    def _put_back(self, names: list[str]) -> None:
        with self._connection.transaction(), self._connection.cursor() as cursor:
            for name in names:
                cursor.execute(f"delete from only {name}")
                with cursor.copy(f"copy {name} from stdin") as copy:
                    copy.write(self._kept[name] or b"")
                self._now[name] = self._one(f"select {ROWS} from only {name}")

    def _rows(self, name: str) -> bytes | None:
        if self._one(f"select pg_table_size({sql_literal(name)})") > _LARGEST:
            return None
        with self._connection.cursor() as cursor, cursor.copy(f"copy {name} to stdout") as copy:
            return b"".join(bytes(part) for part in copy)

    def _one(self, question: str) -> Any:
        row = self._connection.execute(question).fetchone()
        return row[0] if row else None


def sql_literal(text: str) -> str:
    """A text as it stands in a statement that takes no parameters."""
    return "'" + text.replace("'", "''") + "'"
