"""Whatever a test did to its database, the next one finds it as the setup left it."""

from __future__ import annotations

import sys

from tests.conftest import write_files
from tests.e2e.manifests import POSTGRES
from tests.runs import remains
from tests.testing.conftest import MakeTests, app
from tests.testing.schema import MIGRATE, SCHEMA, SPOILS

TESTS = """
import psycopg, pytest
from spoils import CONTENT, SPOILS

KEPT = []

def content(url):
    with psycopg.connect(url, autocommit=True, options="-c lock_timeout=5s -c statement_timeout=20s") as db:
        return {what: answer(db, question) for what, question in CONTENT.items()}

def answer(db, question):
    try:
        return db.execute(question).fetchall()
    except psycopg.errors.UndefinedTable as error:
        return str(error)

@pytest.fixture(scope="session")
def first(postgres_database):
    return content(postgres_database.url)

@pytest.mark.parametrize("name", SPOILS)
def test_spoils(first, postgres_url, name):
    assert content(postgres_url) == first
    connection = psycopg.connect(postgres_url, autocommit=not name.startswith("open"))
    for statement in SPOILS[name]:
        connection.execute(statement)
    if name.startswith("left"):
        KEPT.append(connection)
    elif name.startswith("open"):
        KEPT.append(connection)
    else:
        changed = content(postgres_url)
        assert (changed == first) == name.startswith("nothing"), name
        connection.close()

def test_after_all(first, postgres_url):
    assert content(postgres_url) == first
    assert first["big"][0][0] == 5000

def test_who_has_no_transaction_open_keeps_the_connection(postgres_database):
    postgres_database.reset()
    with psycopg.connect(postgres_database.url, autocommit=True) as db:
        db.execute("insert into plain (name) values ('b')")
        postgres_database.reset()
        assert db.execute("select count(*) from plain").fetchone() == (0,)
        assert db.execute("select * from seeded where id = 1").fetchone()[1] == "one"
"""


def test_each_test_finds_what_the_setup_left(make: MakeTests) -> None:
    tests = make(app(sys.executable, "migrate.py") + POSTGRES, migrate=MIGRATE, spoils=SPOILS, test_it=TESTS)
    write_files(tests.root, {"schema.sql": SCHEMA})
    result = tests.run("-p", "no:unraisableexception", "--durations=8", "--durations-min=0.3")
    print(result.out)
    assert remains(tests) == []


STUBBORN = """
import psycopg, pytest

@pytest.fixture(scope="session")
def postgres_setup():
    def setup(url):
        with psycopg.connect(url) as db:
            db.execute("create table kept (id serial)")
            db.execute("create function keep() returns trigger language plpgsql as $$ begin return null; end $$")
            db.execute("create trigger keep before delete on kept for each row execute function keep()")
            db.execute("alter table kept enable always trigger keep")
    return setup

@pytest.mark.parametrize("n", range(2))
def test_it(postgres_url, n):
    with psycopg.connect(postgres_url, autocommit=True) as db:
        assert db.execute("insert into kept default values returning id").fetchone() == (1,)
        assert db.execute("select count(*) from kept").fetchone() == (1,)
"""


def test_a_trigger_that_always_fires_keeps_no_rows(make: MakeTests) -> None:
    make(POSTGRES, test_it=STUBBORN).run()
