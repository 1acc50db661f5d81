"""Questions to a server about a database: has DDL changed it, which tables and sequences has it; changes nothing.

PostgreSQL writes into each row, also of its catalogs, the transaction that wrote it (`xmin`), and transactions only
count up: as long as a table's rows have the same count and the same sum of `xmin`, they are the same rows.
https://www.postgresql.org/docs/current/ddl-system-columns.html
"""

from __future__ import annotations

ROWS = "concat(count(*), '.', sum(xmin::text::bigint))"
"""Of a table: what is another one after every change."""
_OWN = 16384
"""The first object id that is not PostgreSQL's own (FirstNormalObjectId in its sources)."""

_OF_RELATIONS = {
    "pg_attrdef": "adrelid",
    "pg_attribute": "attrelid",
    "pg_index": "indexrelid",
    "pg_inherits": "inhrelid",
    "pg_partitioned_table": "partrelid",
    "pg_policy": "polrelid",
    "pg_rewrite": "ev_class",
    "pg_sequence": "seqrelid",
    "pg_statistic_ext": "stxrelid",
    "pg_trigger": "tgrelid",
}
"""Catalogs with the column that says to which relation their rows belong; temporary ones are not looked at."""
_OF_SCHEMAS = {"pg_proc": "pronamespace", "pg_type": "typnamespace"}
_OTHERS = {
    "pg_cast": f"oid >= {_OWN}",
    "pg_collation": f"oid >= {_OWN}",
    "pg_constraint": "conrelid not in (select oid from passing)",
    "pg_default_acl": "true",
    "pg_enum": "true",
    "pg_event_trigger": "true",
    "pg_extension": "true",
    "pg_foreign_server": "true",
    "pg_largeobject": "true",
    "pg_largeobject_metadata": "true",
    "pg_namespace": "nspname !~ '^pg_'",
    "pg_operator": f"oid >= {_OWN}",
    "pg_publication": "true",
    "pg_ts_config": f"oid >= {_OWN}",
}
# Of a relation what DDL changes; TRUNCATE, VACUUM and ANALYZE write its row too, and change none of this. What a
# materialized view has is made anew in another file.
_RELATIONS = f"""
select concat(count(*), '.', sum(hashtextextended(concat_ws(',', oid, relname, relnamespace, reloftype, relowner, relam,
  reltablespace, relpersistence, relkind, relnatts, relchecks, relrowsecurity, relforcerowsecurity, relispopulated,
  relreplident, relispartition, relacl, reloptions, relpartbound, case when relkind = 'm' then relfilenode end), 0)))
from pg_class where oid >= {_OWN} and relpersistence <> 't'"""
# These rows are no part of what CREATE DATABASE copies, so that each clone has its own.
_SETTINGS = """
select concat(count(*), '.', sum(hashtextextended(concat(setrole, setconfig), 0))) from pg_db_role_setting
where setdatabase = (select oid from pg_database where datname = current_database())"""


def _conditions() -> dict[str, str]:
    of_relations = {
        name: f"{column} >= {_OWN} and {column} not in (select oid from passing)"
        for name, column in _OF_RELATIONS.items()
    }
    of_schemas = {
        name: f"oid >= {_OWN} and {column} not in (select oid from pg_namespace where nspname ~ '^pg_temp_')"
        for name, column in _OF_SCHEMAS.items()
    }
    return of_relations | of_schemas | _OTHERS


SHAPE = (
    f"with passing as materialized (select oid from pg_class where oid >= {_OWN} and relpersistence = 't')\n"
    f"select concat_ws(' ', ({_RELATIONS}), ({_SETTINGS}),\n"
    + ",\n".join(f"(select {ROWS} from {name} where {condition})" for name, condition in _conditions().items())
    + ")"
)
"""What is another one after every DDL, but not after that which was undone by itself."""

TABLES = """
select format('%I.%I', n.nspname, c.relname), c.relkind = 'm'
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'm') and c.relispopulated and c.relpersistence <> 't'
and n.nspname !~ '^pg_' and n.nspname <> 'information_schema' order by c.oid"""
"""Every table, partitions as well, and every materialized view; whether it is the latter."""

SEQUENCES = """
select format('%I.%I', n.nspname, c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'S' and c.relpersistence <> 't' order by c.oid"""

STUBBORN = """
select exists (select from pg_trigger where tgenabled in ('A', 'R') and not tgisinternal)
or exists (select from pg_rewrite where ev_enabled in ('A', 'R'))"""
"""Whether there are triggers or rules that `session_replication_role = replica` does not keep still."""

LEFT_OPEN = """
from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
and backend_type = 'client backend' and (state like 'idle in transaction%' or backend_xid is not null)"""
"""Those who have a transaction open."""
