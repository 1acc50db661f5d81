"""A foreground `up` and its end, by Ctrl-C at any moment or with its terminal: no process stays, data is whole."""

from __future__ import annotations

import os
import signal
import subprocess
import time

import pytest

from tests.e2e.clients import execute, rows
from tests.e2e.terminal import terminal
from tests.native.conftest import MakeSite, Site
from tests.native.machine import until

pytestmark = pytest.mark.servers

MANIFEST = "[sidecars]\npostgres = {}\nredis = {}\n"
FOLLOWING = "logs follow"
STEPS = 60 if os.environ.get("DEVENV_SOAK") else 8


def begin(site: Site) -> subprocess.Popen[str]:
    """`up` in the foreground, leader of a group as a shell makes it."""
    return site.cli.start("up", cwd=site.root, start_new_session=True, stderr=subprocess.STDOUT)


def test_an_end_at_any_moment_leaves_no_process_and_whole_data(site: MakeSite) -> None:
    """By Ctrl-C and by the terminal in turn; before it has begun a process just ends by the signal."""
    shop = site(MANIFEST)
    for step in range(STEPS):
        command = begin(shop)
        time.sleep(0.2 + 1.8 * step / STEPS)
        number = (signal.SIGINT, signal.SIGHUP)[step % 2]
        os.killpg(command.pid, number)
        said, _ = command.communicate(timeout=60)
        assert command.returncode in (128 + number, -number), said
        until(shop.is_gone)
        shop("up", "-d")
        execute(shop.env(), "create table if not exists kept (n int)", f"insert into kept values ({step})")
        assert rows(shop.env(), "select n from kept order by n") == [(each,) for each in range(step + 1)]
        shop("down")


def test_ctrl_c_ends_what_a_chosen_service_needs_as_well(site: MakeSite) -> None:
    waiting = '[apps.worker]\ncommand = ["sleep", "100"]\nready = { log = "never said" }\nneeds = ["redis"]\n'
    shop = site(f"[sidecars]\nredis = {{}}\n{waiting}")
    command = shop.cli.start("up", "worker", cwd=shop.root, start_new_session=True, stderr=subprocess.STDOUT)
    until(lambda: shop.states()["redis"] == "ready")
    os.killpg(command.pid, signal.SIGINT)
    said, _ = command.communicate(timeout=60)
    assert command.returncode == 130, said
    until(shop.is_gone)


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_what_was_started_in_the_foreground_ends_with_its_command(site: MakeSite, number: signal.Signals) -> None:
    shop = site("[sidecars]\nredis = {}\n")
    command = begin(shop)
    assert command.stdout
    assert any(FOLLOWING in line for line in command.stdout)
    command.send_signal(number)
    said, _ = command.communicate(timeout=60)
    assert "Traceback" not in said
    assert command.returncode == 128 + number
    until(shop.is_gone)


def test_a_terminal_that_closes_ends_what_runs_in_it(site: MakeSite) -> None:
    shop = site(MANIFEST)
    with terminal(shop.cli.argv("up"), shop.root, shop.cli.env) as seen:
        seen.wait_for(FOLLOWING)
        nowhere = os.open(os.devnull, os.O_RDWR)
        os.dup2(nowhere, seen.master)  # nothing else holds the terminal's other end
        os.close(nowhere)
        assert seen.process.wait(30) == 128 + signal.SIGHUP
    until(shop.is_gone)


def test_a_detached_up_outlives_its_terminal(site: MakeSite) -> None:
    shop = site("[sidecars]\nredis = {}\n")
    with terminal(shop.cli.argv("up", "-d"), shop.root, shop.cli.env) as seen:
        assert seen.end() == 0
    assert shop.states() == {"redis": "ready"}
