"""`devenv run`: a command in an isolated copy of the project, of which nothing stays, on every engine."""

from __future__ import annotations

import sys
from pathlib import Path

import psycopg
import pytest

from tests.contract.conftest import Make, Subject
from tests.e2e.clients import execute, redis_at, rows
from tests.e2e.engine import volumes
from tests.e2e.manifests import BOTH, POSTGRES, REDIS, strings, web
from tests.runs import copies_of, remains

READS = "import os, json; print(json.dumps(dict(os.environ)))"
ECHO = (
    f'[app]\nimage = "python:3.13-slim"\ncommand = {strings([sys.executable, "-c", "import time; time.sleep(1000)"])}\n'
)


def environment(subject: Subject, *options: str) -> dict[str, str]:
    """What a command that is run gets to see."""
    values: dict[str, str] = subject("run", *options, "--", sys.executable, "-c", READS).json()
    return values


def test_a_command_gets_servers_of_its_own_and_its_exit_code_is_passed_through(make: Make) -> None:
    subject = make(BOTH)
    code = (
        "import os, psycopg, redis, sys\n"
        "with psycopg.connect(os.environ['DATABASE_URL'], autocommit=True) as db:\n"
        "    db.execute('create table t (n int)')\n"
        "redis.Redis.from_url(os.environ['REDIS_URL']).set('a', 'b')\n"
        "print('out'); print('err', file=sys.stderr); sys.exit(7)\n"
    )
    result = subject("run", "--", sys.executable, "-c", code, code=7)
    assert result.out == "out\n"
    assert "err\n" in result.err
    assert remains(subject) == []


def test_what_runs_beside_it_is_not_touched(make: Make) -> None:
    subject = make(BOTH)
    subject("up", "-d")
    env = subject.env()
    execute(env, "create table kept (n int)", "insert into kept values (1)")
    seen = environment(subject)
    assert {seen["DATABASE_URL"], env["DATABASE_URL"]} == {seen["DATABASE_URL"]} ^ {env["DATABASE_URL"]}
    assert seen["DEVENV_COPY"].startswith("shop-")
    assert rows(env, "select n from kept") == [(1,)]
    assert set(subject.states().values()) == {"ready"}
    assert remains(subject) == []


def test_two_runs_never_share_data(make: Make) -> None:
    subject = make(REDIS)
    count = "import os, redis; print(redis.Redis.from_url(os.environ['REDIS_URL']).incr('n'))"
    for _ in range(2):
        assert subject("run", "--", sys.executable, "-c", count).out == "1\n"


def test_only_what_is_asked_for_is_started_and_told(make: Make) -> None:
    subject = make(BOTH)
    assert "DATABASE_URL" not in environment(subject, "--service", "redis")
    result = subject("run", "--service", "nothing", "--", "true", code=2)
    assert "no service is called `nothing`" in result.err
    assert remains(subject) == []


def test_what_an_app_calls_its_values_is_what_a_command_is_told(make: Make) -> None:
    app = ECHO + 'env = { STORE = "{redis.url}", LEVEL = "debug" }\n'
    seen = environment(make(app + REDIS))
    assert (seen["STORE"], seen["LEVEL"]) == (seen["REDIS_URL"], "debug")


def test_setup_runs_before_the_command_and_sees_the_copy(make: Make) -> None:
    migrate = (
        "import os, psycopg\n"
        "with psycopg.connect(os.environ['DATABASE_URL'], autocommit=True) as db: db.execute('create table t (n int)')"
    )
    subject = make(ECHO + f"setup = {strings([sys.executable, '-c', migrate])}\n" + POSTGRES)
    count = (
        "import os, psycopg\n"
        "with psycopg.connect(os.environ['DATABASE_URL']) as db:\n"
        "    print(db.execute('select count(*) from t').fetchone()[0])"
    )
    assert subject("run", "--", sys.executable, "-c", count).out == "0\n"
    assert subject("run", "--no-setup", "--", sys.executable, "-c", count, code=1).out == ""
    assert remains(subject) == []


def test_a_setup_that_fails_says_its_last_lines_and_the_command_does_not_run(make: Make) -> None:
    fails = [sys.executable, "-c", "print('no such column: color'); raise SystemExit(3)"]
    subject = make(ECHO + f"setup = {strings(fails)}\n" + REDIS)
    result = subject("run", "--", sys.executable, "-c", "print('ran')", code=1)
    assert result.out == ""
    assert "exits with 3" in result.err
    assert "no such column: color" in result.err
    assert remains(subject) == []


def test_a_command_that_is_not_there_is_127_and_one_that_is_no_program_126(make: Make, tmp_path: Path) -> None:
    subject = make(REDIS)
    result = subject("run", "--", "no-such-command", code=127)
    assert "error: `no-such-command` can't be run: No such file or directory" in result.err
    (tmp_path / "text").write_text("no program")
    assert "can't be run" in subject("run", "--", str(tmp_path / "text"), code=126).err
    assert remains(subject) == []


def test_what_is_kept_is_removed_by_down(make: Make) -> None:
    subject = make(REDIS)
    result = subject("run", "--keep", "--", sys.executable, "-c", "import os; print(os.environ['REDIS_URL'])")
    assert "`devenv down` removes it" in result.err
    with redis_at({"REDIS_URL": result.out.strip()}) as client:
        assert client.ping()
    assert len(copies_of(subject)) == 1
    subject("down")
    assert remains(subject) == []


def test_one_copy_can_be_used_again_and_again(make: Make) -> None:
    subject = make(REDIS)
    count = "import os, redis; print(redis.Redis.from_url(os.environ['REDIS_URL']).incr('n'))"
    assert subject("run", "--reuse", "--", sys.executable, "-c", count).out == "1\n"
    assert subject("run", "--reuse", "--", sys.executable, "-c", count).out == "2\n"
    subject("down")
    assert remains(subject) == []


def test_a_service_that_ended_while_the_command_ran_is_named_with_its_last_lines(make: Make) -> None:
    subject = make(REDIS)
    stop = (
        "import os, redis, sys\n"
        "redis.Redis.from_url(os.environ['REDIS_URL']).shutdown(nosave=True, now=True, force=True)\n"
        "sys.exit(1)"
    )
    if subject.engine == "native":
        pytest.skip("there a service that ends by itself is started again")
    result = subject("run", "--", sys.executable, "-c", stop, code=1)
    assert "error: service `redis` is not ready: it was, and then " in result.err
    assert "Redis is now ready to exit" in result.err
    assert remains(subject) == []


def test_a_command_in_an_apps_image_sees_its_sidecars_and_passes_its_code_through(make: Make) -> None:
    ping = (
        "import os, socket, sys, urllib.parse\n"
        "url = urllib.parse.urlsplit(os.environ['STORE'])\n"
        "with socket.create_connection((url.hostname, url.port)) as redis:\n"
        "    redis.sendall(b'AUTH %s\\r\\nPING\\r\\n' % url.password.encode())\n"
        "    answers = redis.makefile()\n    print(answers.readline().strip(), answers.readline().strip())\n"
        "sys.exit(9)\n"
    )
    setup = ["python3", "-c", "print('set up')"]
    subject = make(ECHO + f'env = {{ STORE = "{{redis.url}}" }}\nsetup = {strings(setup)}\n' + REDIS)
    result = subject("run", "--in", "app", "--", "python3", "-c", ping, code=9)
    assert result.out.splitlines()[-1] == "+OK +PONG"
    subject("run", "--in", "redis", "--", "true", code=2)
    subject("run", "--in", "nothing", "--", "true", code=2)
    assert remains(subject) == []


def test_with_the_app_its_address_is_told_and_it_answers(make: Make) -> None:
    subject = make(web())
    read = "import os, urllib.request as u; print(u.urlopen(os.environ['WEB_URL']).read().decode())"
    assert subject("run", "--with-app", "--", sys.executable, "-c", read).out == "hello\n"
    assert remains(subject) == []


def test_a_cache_is_shared_with_the_original_and_goes_with_it(make: Make) -> None:
    subject = make("[sidecars]\ns3mock = {}\n")
    if subject.engine == "native":
        pytest.skip("there are no caches in containers")
    subject("run", "--", "true")
    assert remains(subject) == []
    assert [name.rpartition("_")[2] for name in volumes(subject.root)] == ["s3mock.jvm"]
    assert "already exists" not in subject("up", "-d").err
    subject("destroy", "--yes")
    assert volumes(subject.root) == []


def test_a_manifest_that_is_wrong_makes_nothing(make: Make) -> None:
    subject = make("[sidecars]\nredsi = {}\n")
    subject("run", "--", "true", code=2)
    assert remains(subject) == []


def test_the_passwords_of_a_copy_are_its_own(make: Make) -> None:
    subject = make(POSTGRES)
    subject("up", "-d")
    url = environment(subject)["DATABASE_URL"]
    ours = subject.env()["DATABASE_URL"]
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url.rpartition("@")[0] + "@" + ours.rpartition("@")[2], connect_timeout=5)
