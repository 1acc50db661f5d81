"""Bringing a test's database back to what it was, in two questions to the server; it makes nothing in the database.

Tables that were empty are emptied; those with rows of the setup are put back where they changed; sequences go back.
Triggers and foreign keys keep still meanwhile (`session_replication_role`), which takes a superuser, as the app's role
of a devenv postgres is one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import psycopg

_OURS = "n.nspname !~ '^pg_' and n.nspname <> 'information_schema'"
_TABLES = f"""
select c.oid, format('%I.%I', n.nspname, c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'r' and c.relpersistence <> 't' and {_OURS}
and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
order by c.oid"""
_SEQUENCES = "select format('%I.%I', schemaname, sequencename) from pg_sequences"
# What DDL changes: relations with their columns, constraints, functions. Emptying a table changes none of it.
_SHAPE = f"""
select md5(string_agg(what, ',' order by what)) from (
  select concat('c', c.oid, c.relkind, c.relnatts, c.relchecks, c.relhastriggers, c.relname) as what
  from pg_class c join pg_namespace n on n.oid = c.relnamespace where {_OURS} and c.relpersistence <> 't'
  union all select concat('p', p.oid, md5(p.prosrc)) from pg_proc p join pg_namespace n on n.oid = p.pronamespace
  where {_OURS}
  union all select concat('t', max(oid), ' ', count(*)) from pg_constraint
  union all select concat('a', count(*), ' ', max(attrelid::bigint * 1600 + attnum), ' ', sum(atttypmod), ' ',
  sum(atttypid::bigint))
  from pg_attribute where attrelid >= 16384 and attnum > 0 and not attisdropped
) parts"""
_LARGEST = 4 << 20
"""Bytes of a table's rows that are kept in memory to be put back; a larger one is put back by a new clone."""
_PATIENCE = "2s"


class Reset:
    """Knows what a database was like, and brings it back. Raises `psycopg.Error`."""

    def __init__(self, url: str) -> None:
        import psycopg

        self._connection: psycopg.Connection[tuple[Any, ...]] = psycopg.connect(url, autocommit=True)
        self._connection.execute(f"set lock_timeout = '{_PATIENCE}'; set session_replication_role = replica")
        ask = self._connection.execute
        self._shape = self._one(_SHAPE)
        tables = ask(_TABLES).fetchall()
        self._kept: dict[str, bytes | None] = {}
        empty = []
        for _, name in tables:
            if self._one(f"select exists (select from {name})"):
                self._kept[name] = self._rows(name)
            else:
                empty.append(name)
        self._newest = self._one("select pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
        self._counts = {name: self._one(f"select count(*) from {name}") for name in self._kept}
        self._empty = empty
        self._sequences = {}
        for (name,) in ask(_SEQUENCES).fetchall():
            last, called = ask(f"select last_value, is_called from {name}").fetchone() or (1, False)
            self._sequences[name] = (int(last), bool(called))
        self._question = self._ask_for_changes()

    def run(self) -> bool:
        """Bring it back; False where only a new clone of the template can."""
        row = self._connection.execute(self._question).fetchone()
        assert row
        same_shape, filled, seeds, moved = row
        changed = [name for name, is_changed in zip(self._kept, seeds, strict=True) if is_changed]
        if not same_shape or any(self._kept[name] is None for name in changed):
            return False
        back = [f"delete from {name}" for name, is_filled in zip(self._empty, filled, strict=True) if is_filled]
        for (name, (last, called)), is_moved in zip(self._sequences.items(), moved, strict=True):
            if is_moved:
                back.append(f"select setval({_literal(name)}, {last}, {called})")
        if back:
            self._connection.execute("; ".join(back))
        for name in changed:
            self._put_back(name)
        return True

    def close(self) -> None:
        """End the connection."""
        self._connection.close()

    def _ask_for_changes(self) -> str:
        """Whether the schema is the same, which empty tables are filled, which others changed, which sequences moved.

        A row that was written since has a newer transaction in xmin; one that was deleted is missing in the count.
        """
        filled = [f"exists (select from {name})" for name in self._empty]
        seeds = [
            f"(select count(*) <> {self._counts[name]}"
            f" or coalesce(bool_or(xmin::text::bigint >= {self._newest}), false) from {name})"
            for name in self._kept
        ]
        moved = [
            f"(select (last_value, is_called) <> ({last}, {called}) from {name})"
            for name, (last, called) in self._sequences.items()
        ]
        arrays = ", ".join(f"array[{', '.join(each)}]::boolean[]" for each in (filled, seeds, moved))
        return f"select ({_SHAPE}) = '{self._shape}', {arrays}"

    def _put_back(self, name: str) -> None:
        rows = self._kept[name]
        assert rows is not None
        with self._connection.transaction(), self._connection.cursor() as cursor:
            cursor.execute(f"delete from {name}")
            with cursor.copy(f"copy {name} from stdin") as copy:
                copy.write(rows)
        self._newest = self._one("select pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
        self._question = self._ask_for_changes()

    def _rows(self, name: str) -> bytes | None:
        if self._one(f"select pg_relation_size({_literal(name)})") > _LARGEST:
            return None
        with self._connection.cursor() as cursor, cursor.copy(f"copy {name} to stdout") as copy:
            return b"".join(bytes(part) for part in copy)

    def _one(self, question: str) -> Any:
        row = self._connection.execute(question).fetchone()
        return row[0] if row else None


def _literal(name: str) -> str:
    return "'" + name.replace("'", "''") + "'"
