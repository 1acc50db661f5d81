"""pytest-xdist: one copy for all workers, each with its own database and index; killed ones leave nothing."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys

import psutil
import pytest

from tests.e2e.manifests import BOTH, REDIS
from tests.native.machine import until
from tests.runs import copies_of, remains
from tests.testing.conftest import MakeTests, Tests, app

WRITES = """
import os, pathlib, psycopg, pytest, redis, time

def say(*words):
    with open("said", "a") as said:
        said.write(" ".join(map(str, words)) + "\\n")

def those_at_work():
    return {line.split()[0] for line in pathlib.Path("said").read_text().splitlines()}

@pytest.mark.parametrize("n", range(12))
def test_it(postgres_url, redis_url, worker_id, n):
    with psycopg.connect(postgres_url) as db:
        assert db.execute("insert into t default values returning id").fetchone() == (1,)
        address = db.execute("select inet_server_port(), pg_postmaster_start_time()").fetchone()
    with redis.Redis.from_url(redis_url) as client:
        assert client.incr("n") == 1
    copies = len(list(pathlib.Path(STATE).glob("*-run-*")))
    say(worker_id, postgres_url.rpartition("/")[2], redis_url.rpartition("/")[2], copies, *map(str, address))
    deadline = time.monotonic() + 20
    while len(those_at_work()) < WORKERS and time.monotonic() < deadline:
        time.sleep(0.02)  # all workers have a part in it
"""
MIGRATE = (
    "import os, psycopg\n"
    "with psycopg.connect(os.environ['DATABASE_URL'], autocommit=True) as db:\n"
    "    db.execute('create table t (id serial)')\n"
    "open('setups', 'a').write('one\\n')"
)


@pytest.mark.parametrize("workers", [2, 4])
def test_one_copy_for_all_workers_with_parts_of_their_own(make: MakeTests, workers: int) -> None:
    tests = make(app(sys.executable, "-c", MIGRATE) + BOTH)
    state = repr(tests.cli.env["DEVENV_STATE_HOME"])
    tests.write(test_it=WRITES.replace("STATE", state).replace("WORKERS", str(workers)))
    tests.run("-n", str(workers))
    said = [line.split(maxsplit=4) for line in tests.said()]
    assert len({worker for worker, *_ in said}) == workers
    assert len({tuple(each[:3]) for each in said}) == workers
    assert len({each[1] for each in said}) == len({each[2] for each in said}) == workers
    assert {each[3] for each in said} == {"1"}
    assert len({each[4] for each in said}) == 1
    assert tests.said("setups") == ["one"]
    assert remains(tests) == []


LATE = """
import pathlib, pytest, time

def copies():
    return sorted(path.name for path in pathlib.Path(STATE).glob("*-run-*"))

@pytest.mark.xdist_group("a")
def test_first(redis_url):
    with open("said", "a") as said:
        said.write(f"{copies()}\\n")

@pytest.mark.xdist_group("b")
def test_last(request):
    deadline = time.monotonic() + 20
    while not pathlib.Path("said").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    time.sleep(1)  # the other one has ended by now
    request.getfixturevalue("redis_url")
    with open("said", "a") as said:
        said.write(f"{copies()}\\n")
"""


def test_a_worker_that_ends_early_takes_nothing_from_one_that_begins_late(make: MakeTests) -> None:
    tests = make(REDIS)
    tests.write(test_it=LATE.replace("STATE", repr(tests.cli.env["DEVENV_STATE_HOME"])))
    tests.run("-n", "2", "--dist", "loadgroup")
    first, last = tests.said()
    assert first == last
    assert remains(tests) == []


def test_more_workers_than_redis_has_indexes_are_told_so(make: MakeTests) -> None:
    tests = make(REDIS, test_it="def test_it(redis_url):\n    pass\n")
    conftest = (
        "def pytest_configure(config):\n"
        "    if hasattr(config, 'workerinput'): config.workerinput['workerid'] = 'gw16'\n"
    )
    tests.write(conftest=conftest)
    out = tests.run("-n", "1", code=1).out
    assert "redis has 16 indexes, too few for `gw16`" in out
    assert "use at most 16 workers: -n 16" in out
    assert remains(tests) == []


WAITS = """
import os, time, pytest

@pytest.mark.parametrize("n", range(2))
def test_it(postgres_url, redis_url, n):
    with open("said", "a") as said:
        said.write(f"{os.getpid()}\\n")
    time.sleep(300 if not os.path.exists("go") else 0)
"""


def at_work(tests: Tests, workers: int) -> subprocess.Popen[str]:
    """Tests that have all they need and wait."""
    process = tests.start(*(["-n", str(workers)] if workers else []))
    until(lambda: len(tests.said()) >= max(workers, 1) or process.poll() is not None, 60)
    assert process.poll() is None, process.stdout and process.stdout.read()
    assert len(copies_of(tests)) == 1
    return process


def end(process: subprocess.Popen[str]) -> None:
    """Whatever is left of a group of processes."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=30)


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("whom", ["the first", "all"])
def test_killed_nothing_stays(make: MakeTests, workers: int, whom: str) -> None:
    tests = make(BOTH, test_it=WAITS)
    process = at_work(tests, workers)
    children = psutil.Process(process.pid).children(recursive=True)
    try:
        if whom == "all":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
            process.wait(10)
            for child in children:  # workers notice that the one who started them is gone when their test has ended
                if str(child.pid) in tests.said():
                    child.kill()
        until(lambda: remains(tests) == [], 15)
    finally:
        end(process)


def test_interrupted_nothing_stays(make: MakeTests) -> None:
    tests = make(BOTH, test_it=WAITS)
    process = at_work(tests, 0)
    try:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        assert process.returncode == 2
        assert remains(tests) == []
    finally:
        end(process)


def test_a_killed_worker_is_replaced_and_nothing_stays(make: MakeTests) -> None:
    tests = make(BOTH, test_it=WAITS)
    process = at_work(tests, 2)
    try:
        (tests.root / "go").touch()
        for line in tests.said():
            os.kill(int(line), signal.SIGKILL)
        out, _ = process.communicate(timeout=60)
        assert "crashed" in out
        assert remains(tests) == []
    finally:
        end(process)
