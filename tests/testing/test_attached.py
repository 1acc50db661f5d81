"""Where a stack runs already its servers are used: what a developer has there is not touched, and nothing stays."""

from __future__ import annotations

import os
import signal
import sys

import psycopg

from tests.e2e.clients import execute, redis_at, rows
from tests.e2e.manifests import BOTH, strings
from tests.native.machine import until
from tests.runs import copies_of, remains
from tests.testing.conftest import MakeTests, Tests, app
from tests.testing.test_workers import end

SETUP = (
    "import os, psycopg\n"
    "with psycopg.connect(os.environ['DATABASE_URL'], autocommit=True) as db:\n"
    "    db.execute('create table if not exists t (id serial, name text)')"
)
USES = """
import psycopg, pytest, redis

@pytest.mark.parametrize("n", range(4))
def test_it(postgres_url, redis_url, n):
    with psycopg.connect(postgres_url) as db:
        assert db.execute("insert into t (name) values ('a') returning id").fetchone() == (1,)
        port = db.execute("select inet_server_port(), pg_postmaster_start_time()").fetchone()
    with redis.Redis.from_url(redis_url) as client:
        assert client.keys() == []
        client.set("a", "b")
    with open("said", "a") as said:
        said.write(f"{postgres_url} {redis_url.rpartition('/')[2]}\\n")
"""
WAITING = strings([sys.executable, "-c", "import time; time.sleep(1000)"])
HOST_APP = f'[app]\nimage = "python:3.13-slim"\nhost = true\ncommand = {WAITING}\n'


def databases(tests: Tests) -> list[str]:
    """Those of tests."""
    asked = "select datname from pg_database where datname like 'devenv_test%' order by 1"
    return [name for (name,) in rows(tests.env(), asked)]


def running(make: MakeTests, test_it: str) -> Tests:
    """A stack that is up, with rows and keys of its developer."""
    tests = make(HOST_APP + f"setup = {strings([sys.executable, '-c', SETUP])}\n" + BOTH, test_it=test_it)
    tests("up", "-d")
    execute(tests.env(), "insert into t (name) values ('mine'), ('mine too')")
    with redis_at(tests.env()) as client:
        client.set("mine", "1")
        client.select(15)
        client.set("mine too", "1")
    return tests


def untouched(tests: Tests) -> bool:
    with redis_at(tests.env()) as client:
        keys = client.keys()
        client.select(15)
        keys += client.keys()
    assert set(tests.states().values()) <= {"ready", "running"}
    return (keys, rows(tests.env(), "select id, name from t order by id")) == (
        ["mine", "mine too"],
        [(1, "mine"), (2, "mine too")],
    )


def test_a_stack_that_runs_is_used_and_its_data_not_touched(make: MakeTests) -> None:
    tests = running(make, USES)
    for words in ((), ("-n", "2")):
        tests.run(*words)
        assert remains(tests) == []
        assert untouched(tests)
        assert databases(tests) == []
    own = psycopg.conninfo.conninfo_to_dict(tests.env()["DATABASE_URL"])["port"]
    assert all(f":{own}/devenv_test_" in line for line in tests.said())
    assert {line.split()[1] for line in tests.said()} <= {"14", "13"}
    with redis_at(tests.env()) as client:
        assert set(client.info("keyspace")) == {"db0", "db15"}


WAITS = USES + "    import os, time\n    time.sleep(300 if not os.path.exists('go') else 0)\n"


def test_what_a_killed_run_left_there_is_removed_by_the_next(make: MakeTests) -> None:
    tests = running(make, WAITS)
    process = tests.start()
    try:
        until(lambda: bool(tests.said()), 60)
        assert copies_of(tests) == []
        os.killpg(process.pid, signal.SIGKILL)
    finally:
        end(process)
    assert len(databases(tests)) == 2
    (tests.root / "go").touch()
    tests.run()
    assert databases(tests) == []
    assert untouched(tests)
    assert {line.split()[1] for line in tests.said()} == {"14"}, "the index of the killed run is used again"


def test_two_runs_at_once_use_one_stack(make: MakeTests) -> None:
    tests = running(make, WAITS)
    first = tests.start()
    try:
        until(lambda: bool(tests.said()), 60)
        (tests.root / "go").touch()
        tests.run()
        assert len(databases(tests)) == 2
        assert {line.split()[1] for line in tests.said()} == {"14", "13"}
    finally:
        end(first)
    assert untouched(tests)


INSIDE = """
import os, psycopg

def test_it(devenv, postgres_url):
    assert devenv.session.project.id == os.environ["DEVENV_COPY"]
    with psycopg.connect(postgres_url) as db, psycopg.connect(os.environ["DATABASE_URL"]) as other:
        when = "select pg_postmaster_start_time()"
        assert db.execute(when).fetchone() == other.execute(when).fetchone()
        assert db.execute("select count(*) from t").fetchone() == (0,)
    with open("said", "a") as said:
        said.write("one\\n")
"""


def test_inside_of_a_run_its_copy_is_used(make: MakeTests) -> None:
    tests = make(app(sys.executable, "-c", SETUP) + BOTH, test_it=INSIDE)
    tests("run", "--", *tests.words())
    tests("run", "--", *tests.words("-n", "2"))
    assert tests.said() == ["one", "one"]
    assert remains(tests) == []
