"""A database with all that is hard to bring back, and the statements of tests that spoil it: text of inner projects."""

from __future__ import annotations

SCHEMA = r'''
create table plain (id serial primary key, name text not null unique);
create table seeded (
  id int generated always as identity primary key, name text, twice int generated always as (id * 2) stored
);
insert into seeded (name) values ('one'), ('two'), ('three');
create table child (id serial, parent int not null references seeded (id) on delete cascade);
insert into child (parent) values (1), (1), (2);
create table egg (id int primary key, hen int);
create table hen (id int primary key, egg int references egg (id));
alter table egg add foreign key (hen) references hen (id) deferrable initially deferred;
begin; insert into egg values (1, 1); insert into hen values (1, 1); commit;
create table parted (id bigserial, day date not null, note text) partition by range (day);
create table parted_old partition of parted for values from ('2000-01-01') to ('2020-01-01');
create table parted_new partition of parted for values from ('2020-01-01') to ('2040-01-01');
insert into parted (day, note) values ('2010-01-01', 'old');
create table base (id int, what text);
create table derived (more text) inherits (base);
insert into base values (1, 'base'); insert into derived values (2, 'derived', 'more');
create function forbid() returns trigger language plpgsql as $$ begin raise exception 'no deletes here'; end $$;
create table ledger (id serial, amount numeric);
insert into ledger (amount) values (1.10), (2.20);
create trigger keep before delete on ledger for each row execute function forbid();
create table ledger_empty (id serial, amount numeric);
create trigger keep before delete on ledger_empty for each row execute function forbid();
create schema "Other ünit";
create table "Other ünit"."it's 100% ""quoted""" ("Ключ" text primary key, "a%sb" jsonb);
insert into "Other ünit"."it's 100% ""quoted"""
  values (E'tab\t, back\\slash, new\nline', '{"a": null}'), ('ünï', null);
create sequence "Other ünit"."it's a seq" start 100 increment 5;
select nextval('"Other ünit"."it''s a seq"');
create table guarded (id int, owner text);
alter table guarded enable row level security; alter table guarded force row level security;
create policy nobody on guarded using (false);
insert into guarded values (1, 'somebody');
create table big as select n as id, repeat(md5(n::text), 30) as text from generate_series(1, 5000) n;
create materialized view summary as select count(*) as n from seeded;
create unique index on summary (n);
create view names as select name from seeded;
create type mood as enum ('sad', 'happy');
create table kinds (
  id uuid, raw bytea, price money, at timestamptz, span interval, near float8, moods mood[], net inet
);
insert into kinds values (gen_random_uuid(), '\x00ff', 12.34, now(),
  '1 mon 2 days 03:04:05.678', 1e-300 / 3, '{sad,happy}', '::1');
select lo_from_bytea(0, 'large');
'''

MIGRATE = """
import os, psycopg
schema = open('schema.sql', encoding='utf-8').read()
with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as db:
    for statement in schema.split(";\\n"):
        if statement.strip():
            db.execute(statement)
    name = db.execute("select current_database()").fetchone()[0]
    db.execute(f'alter database "{name}" set search_path = public, "Other ünit"')
    db.execute(f'alter database "{name}" set devenv.greeting = \\'hello\\'')
"""

SPOILS = r'''
QUOTED = '"Other ünit"."it\'s 100% ""quoted"""'

CONTENT = {
    "settings": "select current_setting('search_path'), current_setting('devenv.greeting')",
    "relations": """select n.nspname, c.relname, c.relkind, c.relacl::text, c.relrowsecurity, c.relpersistence,
        c.relispartition from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname !~ '^pg_' and n.nspname <> 'information_schema' order by 1, 2""",
    "columns": """select table_name, column_name, ordinal_position, data_type, is_nullable, column_default
        from information_schema.columns where table_schema in ('public', 'Other ünit') order by 1, 2, 3""",
    "constraints": """select conname, pg_get_constraintdef(oid) from pg_constraint where conrelid > 16383
        and connamespace::regnamespace::text !~ '^pg_' order by 1, 2""",
    "indexes": "select indexname, indexdef from pg_indexes where schemaname !~ '^pg_' order by 1",
    "triggers": """select tgname, tgrelid::regclass::text, tgenabled from pg_trigger
        where not tgisinternal order by 1, 2""",
    "functions": "select proname, prosrc from pg_proc where oid > 16383 order by 1",
    "enums": "select enumlabel from pg_enum order by enumsortorder",
    "policies": "select polname, pg_get_expr(polqual, polrelid) from pg_policy order by 1",
    "schemas": "select nspname, nspacl::text from pg_namespace where nspname !~ '^pg_' order by 1",
    "extensions": "select extname from pg_extension order by 1",
    "sequences": "select schemaname, sequencename, last_value, increment_by from pg_sequences order by 1, 2",
    "views": "select viewname, definition from pg_views where schemaname = 'public' order by 1",
    "large": "select loid, data from pg_largeobject order by 1",
    "big": "select count(*), md5(string_agg(text, ',' order by id)) from big",
    "summary": "select * from summary",
    **{
        name: f"select tableoid::regclass::text, t.* from {name} t order by t::text"
        for name in (
            "plain", "seeded", "child", "egg", "hen", "parted", "base", "ledger", "ledger_empty", QUOTED, "guarded",
            "kinds",
        )
    },
}
"""All that makes the database what it is, as questions."""

SPOILS = {
    "nothing": [],
    "insert": ["insert into plain (name) values ('a')"],
    "insert, seeded": ["insert into seeded (name) values ('four')"],
    "update, seeded": ["update seeded set name = 'changed' where id = 2"],
    "update to the same and back": ["update seeded set name = 'x' where id = 1", "update seeded set name = 'one'"],
    "delete, cascading": ["delete from seeded where id = 1"],
    "one goes, one comes": ["delete from child where id = 1", "insert into child (id, parent) values (9, 3)"],
    "key changed": ["update seeded set id = default where id = 3"],
    "truncate": ["truncate seeded, child restart identity cascade"],
    "truncate all": ["truncate plain, seeded, child, egg, hen, parted, base, ledger restart identity cascade"],
    "truncate and insert": ["truncate plain restart identity", "insert into plain (name) values ('a')"],
    "sequence": ["select nextval('plain_id_seq') from generate_series(1, 10)"],
    "sequence set": ["select setval('seeded_id_seq', 77, false)", "select setval('parted_id_seq', 7)"],
    "sequence, quoted": ["select nextval('\"Other ünit\".\"it''s a seq\"')"],
    "sequence altered": ["alter sequence plain_id_seq increment by 7"],
    "identity": ["insert into seeded overriding system value values (50, 'fifty')"],
    "cycle": ["begin", "delete from hen", "delete from egg", "commit"],
    "cycle, more": ["begin", "insert into egg values (2, 2)", "insert into hen values (2, 2)", "commit"],
    "partitions": ["insert into parted (day, note) values ('2030-01-01', 'new'), ('2011-01-01', 'x')"],
    "moved between partitions": ["update parted set day = '2030-01-01'"],
    "partition dropped": ["drop table parted_new"],
    "partition detached": ["alter table parted detach partition parted_new"],
    "inherited": ["update base set what = 'x'"],
    "inherited, parent only": ["update only base set what = 'x'"],
    "inherited, derived only": ["delete from derived"],
    "forbidden": ["insert into ledger (amount) values (3)", "insert into ledger_empty (amount) values (3)"],
    "forbidden, changed": ["update ledger set amount = 0"],
    "trigger disabled": ["alter table ledger disable trigger keep", "delete from ledger"],
    "trigger dropped": ["drop trigger keep on ledger"],
    "quoted": [f"delete from {QUOTED}"],
    "quoted, more": [f"insert into {QUOTED} values ('more', '1')"],
    "guarded": ["delete from guarded"],
    "guarded no more": ["alter table guarded disable row level security"],
    "policy": ["alter policy nobody on guarded using (true)"],
    "big": ["update big set text = '' where id = 17"],
    "big, deleted": ["delete from big where id > 100"],
    "kinds": ["update kinds set near = 0, span = '1 day', moods = '{}'"],
    "refreshed": ["insert into seeded (name) values ('x')", "refresh materialized view summary"],
    "refreshed concurrently": [
        "insert into seeded (name) values ('x')", "refresh materialized view concurrently summary",
    ],
    "column added": ["alter table plain add column more text default 'x'"],
    "column dropped": ["alter table seeded drop column name cascade"],
    "column renamed": ["alter table seeded rename column name to title"],
    "column null": ["alter table plain alter column name drop not null"],
    "column default": ["alter table plain alter column name set default 'x'"],
    "column type": ["alter table plain alter column name type varchar(10)"],
    "column longer": ["alter table plain alter column name type varchar"],
    "table created": ["create table made (id serial)", "insert into made default values"],
    "nothing: table created and dropped": ["create table made (id serial)", "drop table made"],
    "table dropped": ["drop table kinds"],
    "table dropped and made": ["drop table ledger_empty", "create table ledger_empty (id serial, amount numeric)"],
    "table renamed": ["alter table plain rename to simple", "create table plain (like simple)"],
    "table unlogged": ["alter table plain set unlogged"],
    "index": ["create index on plain (id, name)"],
    "constraint": ["alter table plain add check (id > 0)"],
    "constraint dropped": ["alter table child drop constraint child_parent_fkey"],
    "schema": ["create schema made"],
    "schema dropped": ['drop schema "Other ünit" cascade'],
    "function": ["create function made() returns int language sql as 'select 1'"],
    "function replaced": [
        "create or replace function forbid() returns trigger language plpgsql as $$ begin return old; end $$",
        "delete from ledger",
    ],
    "view replaced": ["create or replace view names as select upper(name) as name from seeded"],
    "enum": ["alter type mood add value 'angry'"],
    "grant": ["grant select on plain to public"],
    "grant on a schema": ["grant create on schema public to public"],
    "setting": ["do $$ begin execute format('alter database %I set devenv.greeting = 1', current_database()); end $$"],
    "large object": ["select lo_from_bytea(0, 'more')"],
    "large object changed": ["select lo_put(oid, 0, 'X') from pg_largeobject_metadata"],

    "nothing: temporary": ["create temporary table mine (id serial primary key, x mood[])"],
    "left: temporary": [
        "create temporary table mine (id serial primary key, x mood[])", "insert into plain values (1, 'a')",
    ],
    "left": ["insert into plain (name) values ('a')"],
    "open, insert": ["insert into plain (name) values ('same')"],
    "open, the same insert": ["insert into plain (name) values ('same')"],
    "open, update": ["update seeded set name = 'x'"],
    "open, delete": ["delete from child"],
    "open, truncate": ["truncate seeded cascade"],
    "open, DDL": ["alter table plain add column more text"],
    "open, locks": ["lock table plain, seeded in access exclusive mode"],
    "open, read": ["select * from plain"],
    "truncate what was read": ["truncate plain", "insert into plain (name) values ('a')"],
    "one for another": [
        "delete from seeded where id = 3", "insert into seeded overriding system value values (3, 'III')",
    ],
}
"""What a test does to the database; `open` leaves its transaction open, `left` its connection."""
'''
