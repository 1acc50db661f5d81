"""Each fixture by itself and all of them together: what comes up for it, what it gives, and what is left of it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.e2e.manifests import POSTGRES, REDIS
from tests.runs import remains
from tests.testing.conftest import MakeTests, app

ALL = '[sidecars]\npostgres = "17"\nredis = {}\n'

UP = """
import json, pathlib, pytest

@pytest.fixture(autouse=True)
def up(request):
    yield
    found = [json.loads(path.read_text()) for path in pathlib.Path(STATE).glob("*-run-*/up.json")]
    with open("said", "a") as said:
        said.write(f"{request.node.name} {json.dumps(found)}\\n")
"""

ONE = {
    "postgres": "def test_one(postgres_url):\n    import psycopg\n    psycopg.connect(postgres_url).close()\n",
    "redis": "def test_one(redis_url):\n    import redis\n    redis.Redis.from_url(redis_url).close()\n",
    "none": "def test_one(devenv):\n    assert devenv.stack\n",
}


@pytest.mark.parametrize("name", ONE)
def test_a_fixture_alone_brings_up_only_what_it_needs(make: MakeTests, name: str) -> None:
    tests = make(ALL, test_it=ONE[name])
    tests.write(conftest=UP.replace("STATE", repr(tests.cli.env["DEVENV_STATE_HOME"])))
    tests.run()
    (line,) = tests.said()
    assert json.loads(line.removeprefix("test_one ")) == ([] if name == "none" else [[name]])
    assert remains(tests) == []


TOGETHER = """
import os, psycopg, redis

def test_environ(devenv_environ, devenv):
    with psycopg.connect(os.environ["DATABASE_URL"]) as db:
        name = db.execute("select current_database()").fetchone()[0]
    assert os.environ["PGDATABASE"] == os.environ["STORE_DB"] == name != devenv.env["PGDATABASE"]
    assert os.environ["AUDIT"].endswith("/audit")
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
        client.set("a", "b")

def test_empty_again(devenv_environ, redis_url):
    assert redis_url == os.environ["REDIS_URL"]
    with redis.Redis.from_url(redis_url) as client:
        assert client.keys() == []

def test_before(monkeypatch):
    assert "DATABASE_URL" not in os.environ
"""


def test_an_app_is_told_of_its_own_parts(make: MakeTests) -> None:
    audit = "postgresql://x@{postgres.host}:{postgres.port}/audit"
    env = f'env = {{ STORE_DB = "{{postgres.database}}", AUDIT = "{audit}" }}\n'
    sidecars = '[sidecars]\nredis = {}\n[sidecars.postgres]\ndatabases = ["aud", "audit"]\n'
    make(app("true") + env + sidecars, test_it=TOGETHER).run()


S3_AND_MAIL = """
import boto3, smtplib, pytest
from email.message import EmailMessage

@pytest.mark.parametrize("n", range(2))
def test_objects(s3_settings, s3_bucket, n):
    client = boto3.client("s3", **s3_settings)
    assert "Contents" not in client.list_objects_v2(Bucket=s3_bucket)
    for name in ("a b+c/d", "ünï %20.txt"):
        client.put_object(Bucket=s3_bucket, Key=name, Body=b"x")
    client.close()

def send(box, to, subject):
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "shop@tests.example", to, subject
    mail.set_content("hello")
    with smtplib.SMTP(box.host, box.port) as smtp:
        smtp.send_message(mail)

@pytest.mark.parametrize("n", range(2))
def test_mails(mailbox, n):
    assert mailbox.mails == []
    mine = mailbox.address("me")
    send(mailbox, "other@tests.example", "Bye")
    send(mailbox, mine, "Welcome")
    found = mailbox.wait(lambda mail: mine in mail.to)
    assert (found.subject, found.sender, found.text.strip()) == ("Welcome", "shop@tests.example", "hello")
    with pytest.raises(AssertionError, match="no such mail within 0.1 s; these came:(.|\\n)*Bye"):
        mailbox.wait(lambda mail: mail.subject == "nothing", timeout=0.1)
"""


def test_objects_and_mails(make: MakeTests) -> None:
    tests = make("[sidecars]\ns3mock = {}\nmailpit = {}\n", test_it=S3_AND_MAIL)
    tests.run("-W", "ignore")
    assert remains(tests) == []


FAILS = "print('first'); print('no such column: color'); raise SystemExit(3)"
ASKING = "import pytest\n@pytest.mark.parametrize('n', range(3))\ndef test_it(postgres_url, n):\n    pass\n"


@pytest.mark.parametrize("words", [(), ("-n", "2")], ids=["alone", "workers"])
def test_a_setup_that_fails_is_told_once(make: MakeTests, words: tuple[str, ...]) -> None:
    tests = make(app(sys.executable, "-c", FAILS) + POSTGRES, test_it=ASKING)
    out = tests.run(*words, code=1).out
    assert "exits with 3" in out
    assert 1 <= out.count("  no such column: color") <= (2 if words else 1)
    assert "devenv/testing" not in out
    assert "Traceback" not in out
    assert remains(tests) == []


OWN_SETUP = """
import pytest, psycopg

@pytest.fixture(scope="session")
def postgres_setup():
    def migrate(url):
        with open("said", "a") as said:
            said.write(url.rpartition("_")[2] + "\\n")
        psycopg.connect(url, autocommit=True).execute("create table made (id serial)")  # and stays open
    return migrate
"""
USES_IT = """
import psycopg, pytest

@pytest.mark.parametrize("n", range(4))
def test_it(postgres_url, n):
    with psycopg.connect(postgres_url) as db:
        assert db.execute("insert into made default values returning id").fetchone() == (1,)
"""


def test_a_setup_of_the_tests_own_runs_once_for_all_workers(make: MakeTests) -> None:
    tests = make(POSTGRES, conftest=OWN_SETUP, test_it=USES_IT)
    tests.run("-n", "2", "-p", "no:unraisableexception", "-W", "ignore")
    assert tests.said() == ["template"]
    assert remains(tests) == []


def test_without_psycopg_it_is_said_what_to_install(make: MakeTests, tmp_path: Path) -> None:
    tests = make(POSTGRES, test_it="def test_it(postgres_url):\n    pass\n", psycopg="raise ImportError('no psycopg')")
    out = tests.run(code=1, env={"PYTHONPATH": f"{tests.root}:{tests.cli.env['PYTHONPATH']}"}).out
    assert "psycopg is not installed" in out
    assert "pip install 'devenv-up[pytest]'" in out


def test_what_the_manifest_has_not_is_said(make: MakeTests) -> None:
    tests = make(REDIS, test_it="def test_it(postgres_url):\n    pass\ndef test_other():\n    pass\n")
    out = tests.run(code=1).out
    assert "no sidecar speaks postgres" in out
    assert "1 passed, 1 error" in out


EARLY = """
import json, pathlib, time

def test_they_come_up_though_no_test_asks():
    up, deadline = set(), time.monotonic() + 60
    while up != {"postgres", "redis"}:
        assert time.monotonic() < deadline, up
        time.sleep(0.05)
        up = {name for path in pathlib.Path(STATE).glob("*-run-*/up.json") for name in json.loads(path.read_text())}
"""


def test_servers_come_up_early_where_pytest_is_told_so(make: MakeTests) -> None:
    tests = make(ALL)
    tests.write(test_it=EARLY.replace("STATE", repr(tests.cli.env["DEVENV_STATE_HOME"])))
    (tests.root / "pytest.ini").write_text("[pytest]\ndevenv_start = eager\n")
    for words in ((), ("-n", "2")):
        tests.run(*words)
        assert remains(tests) == []
