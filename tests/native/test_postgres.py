"""PostgreSQL without containers, of the package and of the system: what the manifest asks for is there, and stays."""

from __future__ import annotations

import gzip
from pathlib import Path

import psycopg
import pytest

from devenv.engines.native.providers.postgres import Postgres
from tests.e2e.clients import execute, rows
from tests.native.conftest import Native

pytestmark = pytest.mark.servers

SYSTEM = next((str(found.program.parent) for found in Postgres.available() if "package" not in found.source), "")
SERVERS = [
    pytest.param("wheel", id="package"),
    pytest.param(SYSTEM, id="system", marks=pytest.mark.skipif(not SYSTEM, reason="no PostgreSQL of the system here")),
]


@pytest.fixture(params=SERVERS)
def served_by(request: pytest.FixtureRequest) -> str:
    """What the manifest says under `native`."""
    return str(request.param)


def manifest(served_by: str = "wheel", options: str = "") -> str:
    return f'[sidecars.postgres]\nnative = "{served_by}"\n{options}\n'


def test_databases_roles_extensions_and_arguments(native: Native, served_by: str) -> None:
    options = 'databases = ["shop", "re-ports"]\nuser = "ada"\nextensions = ["pg_trgm"]\n'
    subject = native(manifest(served_by, options + 'args = ["-c", "work_mem=7MB"]\n'))
    subject("up", "-d")
    env = subject.env()
    for database in ("shop", "re-ports"):
        assert rows(env, "select 1 from pg_extension where extname = 'pg_trgm'", database=database) == [(1,)]
    assert rows(env, "select current_user, rolsuper from pg_roles where rolname = 'ada'") == [("ada", True)]
    assert rows(env, "show work_mem") == [("7MB",)]
    assert rows(env, "show server_encoding") == [("UTF8",)]
    assert rows(env, "select upper('ü') = 'Ü', 'a' < 'B'") == [(True, False)]
    assert subject("connect", "postgres", "--", "-Atc", "select 6 * 7").out == "42\n"
    assert subject("exec", "postgres", "--", "psql", "-Atc", "select current_database()").out == "shop\n"


def test_vectors(native: Native) -> None:
    subject = native(manifest(options='extensions = ["vector"]'))
    subject("up", "-d")
    assert rows(subject.env(), "select '[1,2]'::vector <-> '[1,5]'") == [(3.0,)]


def test_another_server_is_taken_where_the_first_lacks_an_extension(native: Native) -> None:
    lacking = [found for found in Postgres.available() if "package" in found.source]
    if not (SYSTEM and lacking and any(Path("/usr/share/postgresql").glob("*/extension/pgcrypto.control"))):
        pytest.skip("needs the system's PostgreSQL with pgcrypto beside the package")
    subject = native('[sidecars.postgres]\nversion = "18"\nextensions = ["pgcrypto"]\n')
    subject("up", "-d")
    assert "package" not in subject.services()["postgres"]["provider"]
    assert rows(subject.env(), "select length(gen_salt('md5'))") == [(11,)]


def test_an_extension_that_none_has_is_named_before_anything_is_made(native: Native) -> None:
    subject = native(manifest(options='extensions = ["pgcrypto", "pg_trgm"]'))
    result = subject("up", "-d", code=1)
    assert "extension pgcrypto missing in PostgreSQL" in result.err
    assert "native =" in result.err
    assert subject("destroy", "--yes", "--json").json()["volumes"] == []


SCRIPTS = {
    "db/1.sql": "create table steps (name text); insert into steps values ('sql');",
    "db/2.sql.gz": gzip.compress(b"insert into steps values ('gz');"),
    "db/3.sh": """psql -v ON_ERROR_STOP=1 -c "insert into steps values ('sh of $POSTGRES_USER')" """,
}
INIT = 'init = ["db/*"]\n'


def test_scripts_run_in_order_and_once(native: Native, served_by: str) -> None:
    subject = native(manifest(served_by, INIT), SCRIPTS)
    for _ in range(2):
        subject("up", "-d")
        assert rows(subject.env(), "select name from steps") == [("sql",), ("gz",), ("sh of shop",)]
        subject("down")


def test_a_script_that_fails_says_so_in_its_words_and_the_next_up_begins_anew(native: Native) -> None:
    subject = native(manifest(options=INIT), {**SCRIPTS, "db/4.sql": "insert into nothing values (1);"})
    said = subject("up", "-d", code=1).err
    assert 'relation "nothing" does not exist' in said
    assert "4.sql" in said
    (subject.root / "db" / "4.sql").write_text("insert into steps values ('mended');")
    subject("up", "-d")
    assert len(rows(subject.env(), "select name from steps")) == 4


def test_another_password_and_a_database_that_is_added_later(native: Native, served_by: str) -> None:
    subject = native(manifest(served_by, 'databases = ["shop"]\npassword = "first"'))
    subject("up", "-d")
    execute(subject.env(), "create table kept (n int)")
    changed = manifest(served_by, 'databases = ["shop", "later"]\npassword = "second"\nextensions = ["hstore"]')
    (subject.root / "devenv.toml").write_text(changed)
    subject("up", "-d")
    env = subject.env()
    assert env["PGPASSWORD"] == "second"
    assert rows(env, "select count(*) from kept") == [(0,)]
    assert rows(env, "select 1 from pg_extension where extname = 'hstore'", database="later") == [(1,)]
    with pytest.raises(psycopg.OperationalError):
        rows({"DATABASE_URL": env["DATABASE_URL"].replace("second", "first")}, "select 1")


def test_another_user_is_refused_as_the_data_is_of_the_first(native: Native) -> None:
    subject = native(manifest(options='user = "ada"'))
    subject("up", "-d")
    (subject.root / "devenv.toml").write_text(manifest(options='user = "bo"'))
    said = subject("up", "-d", code=1).err
    assert "its data was made with other settings" in said
    assert "devenv destroy postgres" in said


def test_data_of_another_version_is_left_alone(native: Native) -> None:
    if not SYSTEM:
        pytest.skip("needs the system's PostgreSQL beside the package")
    subject = native(manifest())
    subject("up", "-d")
    execute(subject.env(), "create table kept (n int)")
    (subject.root / "devenv.toml").write_text(manifest(SYSTEM))
    said = subject("up", "-d", code=1).err
    assert "was made by version 18" in said
    (subject.root / "devenv.toml").write_text('[sidecars]\npostgres = "15"\n')
    subject("up", "-d")
    assert rows(subject.env(), "select count(*) from kept") == [(0,)]


def test_what_destroy_saves_can_be_put_back(native: Native, served_by: str) -> None:
    subject = native(manifest(served_by, 'databases = ["shop", "more"]'))
    subject("up", "-d")
    execute(subject.env(), "create table kept (n int)", "insert into kept values (4711)")
    (dump,) = subject("destroy", "--yes", "--json").json()["dumps"]
    subject("up", "-d")
    subject("connect", "postgres", "--", "-q", "-d", "postgres", stdin=Path(dump).read_text())
    subject("up", "-d")  # the dump brought the old password along
    assert rows(subject.env(), "select n from kept") == [(4711,)]
