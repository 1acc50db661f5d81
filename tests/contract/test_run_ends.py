"""`devenv run` ended in every way: by a signal, while it comes up, killed, many at once; nothing stays of any copy."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from tests.contract.conftest import Make
from tests.e2e.manifests import BOTH, REDIS
from tests.native.machine import until
from tests.runs import copies_of, remains

SOAK = bool(os.environ.get("DEVENV_SOAK"))
ROUNDS, AT_ONCE, KILLS = (20, 8, 60) if SOAK else (1, 4, 4)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_goes_to_the_command_whose_answer_it_is(make: Make, number: signal.Signals) -> None:
    subject = make(REDIS)
    waits = (
        "import signal, sys\n"
        f"signal.signal({int(number)}, lambda *_: sys.exit(42))\n"
        "print('waiting', flush=True); signal.pause()"
    )
    process = subject.cli.start("run", "--", sys.executable, "-c", waits, cwd=subject.root, start_new_session=True)
    assert process.stdout
    assert process.stdout.readline() == "waiting\n"
    process.send_signal(number)
    process.communicate(timeout=60)
    assert process.returncode == 42
    assert remains(subject) == []


def test_a_command_that_a_signal_ended_counts_as_in_a_shell(make: Make) -> None:
    subject = make(REDIS)
    subject("run", "--", "sh", "-c", "kill -KILL $$", code=137)
    assert remains(subject) == []


def test_interrupted_while_it_comes_up_nothing_stays(make: Make) -> None:
    subject = make(BOTH)
    process = subject.cli.start("run", "--", "true", cwd=subject.root, start_new_session=True, stderr=subprocess.STDOUT)
    assert process.stdout
    while "starting" not in process.stdout.readline():
        pass
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    until(lambda: remains(subject) == [], 15)


@pytest.mark.parametrize("after", ["postgres  ", "redis     ready", "running"])
def test_killed_at_any_moment_nothing_stays(make: Make, after: str) -> None:
    subject = make(BOTH)
    words = [sys.executable, "-c", "import time; print('running', flush=True); time.sleep(300)"]
    process = subject.cli.start("run", "--", *words, cwd=subject.root, start_new_session=True, stderr=subprocess.STDOUT)
    assert process.stdout
    while not process.stdout.readline().startswith(after):
        assert process.poll() is None
    process.kill()
    process.wait(10)
    until(lambda: remains(subject) == [], 15)
    with contextlib.suppress(ProcessLookupError):  # the command itself is the user's, and goes on
        os.killpg(process.pid, signal.SIGKILL)
    process.stdout.close()


def test_who_kills_the_guardian_too_is_cleaned_up_after_by_the_next_command(make: Make) -> None:
    subject = make(REDIS)
    process = subject.cli.start(
        "run", "--", "sh", "-c", "echo running; sleep 300", cwd=subject.root, start_new_session=True
    )
    assert process.stdout
    assert process.stdout.readline() == "running\n"
    (copy,) = copies_of(subject)
    copy.kill_guardian()
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=10)
    assert remains(subject) != []
    subject("run", "--", "true")
    until(lambda: remains(subject) == [], 15)


@pytest.mark.timeout(3000)
def test_many_at_once_never_meet_and_leave_nothing(make: Make) -> None:
    subject = make(BOTH)
    code = (
        "import os, psycopg, redis\n"
        "with psycopg.connect(os.environ['DATABASE_URL'], autocommit=True) as db:\n"
        "    db.execute('create table only_once (n int)')\n"
        "print(redis.Redis.from_url(os.environ['REDIS_URL']).incr('n'), os.environ['DATABASE_URL'])\n"
    )
    for _ in range(ROUNDS):
        every = [
            subject.cli.start("-q", "run", "--", sys.executable, "-c", code, cwd=subject.root) for _ in range(AT_ONCE)
        ]
        answers = [process.communicate(timeout=300) for process in every]
        assert [process.returncode for process in every] == [0] * AT_ONCE, answers
        assert {out.split()[0] for out, _ in answers} == {"1"}
        assert len({out.split()[1] for out, _ in answers}) == AT_ONCE
        assert remains(subject) == []


@pytest.mark.timeout(3000)
def test_killed_at_many_moments_nothing_stays(make: Make) -> None:
    subject = make(BOTH)
    slowest = 0.0
    for number in range(KILLS):
        process = subject.cli.start("-q", "run", "--", "sleep", "1", cwd=subject.root, start_new_session=True)
        threading.Event().wait(0.05 + 2.4 * number / KILLS)  # the moment is what is varied
        process.kill()
        killed = time.monotonic()
        process.communicate(timeout=30)
        until(lambda: remains(subject) == [], 15)
        slowest = max(slowest, time.monotonic() - killed)
    print(f"{subject.engine}: {KILLS} killed, all gone after {slowest:.1f} s at most")
