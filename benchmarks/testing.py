"""`devenv run` and the pytest plugin against testcontainers-python, and against pytest without the plugin."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.sides import DEVENV, run
from benchmarks.timing import clock, compare

ROOT = Path(__file__).parent.parent
RYUK = "testcontainers/ryuk"
TESTS, TABLES = 200, 20

SCHEMA = "".join(
    f"create table t{n} (id serial primary key, name text not null, created timestamptz default now(), "
    f"parent int references t0 (id), amount numeric(10, 2) check (amount >= 0));\n"
    f"create index on t{n} (parent);\ncreate unique index on t{n} (name);\n"
    for n in range(TABLES)
)
"""What the tests' application has: a table with key, reference, check and two indexes each."""

MIGRATE = """
import os, pathlib, psycopg
with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as db:
    db.execute(pathlib.Path("schema.sql").read_text())
"""

OURS = f"""
import psycopg, pytest

@pytest.mark.parametrize("n", range({TESTS}))
def test_it(postgres_url, n):
    with psycopg.connect(postgres_url, autocommit=True) as db:
        check(db)
"""

THEIRS = f"""
import pathlib, psycopg, pytest
from testcontainers.postgres import PostgresContainer

@pytest.fixture(scope="session")
def server():
    with PostgresContainer("postgres:17", driver=None) as postgres:
        yield postgres.get_connection_url()

@pytest.fixture
def schema(server, request):
    name = f"test_{{abs(hash(request.node.name))}}"
    with psycopg.connect(server, autocommit=True) as db:
        db.execute(f"create schema {{name}}; set search_path = {{name}}")
        db.execute(pathlib.Path("schema.sql").read_text())
    yield name
    with psycopg.connect(server, autocommit=True) as db:
        db.execute(f"drop schema {{name}} cascade")

@pytest.mark.parametrize("n", range({TESTS}))
def test_it(server, schema, n):
    with psycopg.connect(server, autocommit=True, options=f"-c search_path={{schema}}") as db:
        check(db)
"""

CHECK = """
def check(db):
    for table in ("t0", "t1", "t7"):
        assert db.execute(f"select count(*) from {table}").fetchone()[0] == 0
        assert db.execute(f"insert into {table} (name) values ('a') returning id").fetchone()[0] == 1
"""


class Sides:
    """A folder for each side, with its tests."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.gettempdir()) / f"devenv-bench-{secrets.token_hex(4)}"
        files = {
            "run/devenv.toml": 'name = "bench"\n[sidecars]\npostgres = "17"\nredis = {}\n',
            "ours/devenv.toml": f'name = "bench"\n[app]\nimage = "x"\nsetup = ["{sys.executable}", "migrate.py"]\n'
            '[sidecars]\npostgres = "17"\n',
            "ours/migrate.py": MIGRATE,
            "ours/schema.sql": SCHEMA,
            "theirs/schema.sql": SCHEMA,
            "ours/test_it.py": OURS + CHECK,
            "theirs/test_it.py": THEIRS + CHECK,
            "plain/test_it.py": "def test_it():\n    pass\n",
        }
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            (path.parent / "pytest.ini").write_text("[pytest]\ndevenv_start = eager\n")
        self.env = {
            "DEVENV_STATE_HOME": str(self.folder / "state"),
            "PYTHONPATH": str(ROOT),
            "DEVENV_ENGINE": "compose",
        }
        self.peer = {} if _has_ryuk() else {"TESTCONTAINERS_RYUK_DISABLED": "true"}

    def devenv(self, *words: str) -> None:
        """Run a command of ours."""
        run([*DEVENV, *words], self.folder / "run", self.env)

    def pytest(self, side: str, *words: str, env: dict[str, str] | None = None) -> None:
        """Run a side's tests; all have to pass."""
        run(
            [sys.executable, "-m", "pytest", "-q", *words], self.folder / side, {**self.env, **self.peer, **(env or {})}
        )

    def testcontainers(self) -> None:
        """The other side's start of two servers."""
        run([sys.executable, str(ROOT / "benchmarks/with_testcontainers.py")], self.folder, self.peer)

    def close(self) -> None:
        """Remove both sides' files; neither leaves anything else."""
        shutil.rmtree(self.folder)


def main(runs: int) -> None:
    """The table of issue 6."""
    sides = Sides()
    note = "" if not sides.peer else " (without Ryuk, whose image is not here)"
    print(f"testcontainers-python{note}")
    try:
        compare(
            "devenv run -- true", "testcontainers, the same two", lambda: sides.devenv("run", "--", "true"),
            sides.testcontainers, reach=0.7, runs=runs,
        )  # fmt: skip
        compare(
            f"pytest, {TESTS} tests, 2 workers", "testcontainers, a schema a test",
            lambda: sides.pytest("ours", "-n", "2"), lambda: sides.pytest("theirs", "-n", "2", "-p", "no:devenv"),
            reach=0.3, runs=runs,
        )  # fmt: skip
        _plugin(sides, runs * 5)
    finally:
        sides.close()


def _plugin(sides: Sides, runs: int) -> None:
    """What the plugin costs where no test asks for it: the difference counts, not the ratio."""
    with_it, without = [], []
    for _ in range(runs):
        with_it.append(clock(lambda: sides.pytest("plain", "--collect-only")))
        without.append(clock(lambda: sides.pytest("plain", "--collect-only", "-p", "no:devenv")))
    difference = (sorted(with_it)[runs // 2] - sorted(without)[runs // 2]) * 1000
    verdict = "reached" if difference <= 10 else "not reached"
    print(f"the plugin without a manifest: {difference:+.1f} ms of {sorted(without)[runs // 2] * 1000:.0f} ms "
          f"(at most +10 ms: {verdict})")  # fmt: skip


def _has_ryuk() -> bool:
    found = subprocess.run(["docker", "images", "-q", RYUK], capture_output=True, env=dict(os.environ))
    return bool(found.stdout.strip())
