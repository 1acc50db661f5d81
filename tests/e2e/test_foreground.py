"""`devenv up` before a person: a live list, the addresses, the logs; Ctrl-C stops what runs and keeps its data."""

from __future__ import annotations

import re
import signal
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.command_line import Cli
from tests.conftest import MakeProject
from tests.e2e.clients import addresses, redis_at
from tests.e2e.conftest import Up
from tests.e2e.engine import all_containers, containers, docker, published, running, starts
from tests.e2e.manifests import REDIS, SLEEPER, web, worker
from tests.e2e.terminal import terminal
from tests.testbed.containers import wait_for

pytestmark = pytest.mark.engine

FOLLOWING = "logs follow"
TALKER = SLEEPER.replace("signal.pause()", "while True: print('tick', flush=True); signal.sigtimedwait([], 0.2)")


def states(root: Path) -> dict[str, str]:
    """What the engine says of each container."""
    return {name: item["State"]["Status"] for name, item in containers(root).items()}


def test_the_list_the_addresses_and_the_logs_are_shown_until_ctrl_c(project: MakeProject, cli: Cli) -> None:
    root = project({"devenv.toml": web() + REDIS})
    env = {name: value for name, value in cli.env.items() if name != "CI"}
    with terminal(cli.argv("up"), root, env) as seen:
        seen.wait_for(FOLLOWING)
        before_logs = seen.text
        port = published(containers(root)["web"])[8000][1]
        assert f"http://127.0.0.1:{port}" in before_logs
        assert "redis" in before_logs
        assert re.search("ready", before_logs)
        assert addresses(cli, root)["REDIS_PASSWORD"] not in before_logs
        httpx.get(f"http://127.0.0.1:{port}/from-outside?x=1")
        seen.wait_for("/from-outside?x=1")
        with redis_at(addresses(cli, root)) as client:
            client.set("key", "kept")
        seen.type("\x03")
        assert seen.end() == 130
    assert "Traceback" not in seen.text
    assert states(root) == {"web": "exited", "redis": "exited"}
    assert cli("up", "-d", cwd=root).code == 0
    with redis_at(addresses(cli, root)) as client:
        assert client.get("key") == "kept"


def test_ctrl_c_while_something_is_waited_for_stops_what_was_started(project: MakeProject, cli: Cli) -> None:
    root = project({"devenv.toml": worker(more='ready = { log = "never said" }') + REDIS})
    with terminal(cli.argv("up"), root, cli.env) as seen:
        wait_for(lambda: running(root) == {"worker", "redis"}, 60)
        wait_for(lambda: "worker ready" in docker("logs", containers(root)["worker"]["Id"]))
        seen.type("\x03")
        assert seen.end() == 130
    assert "Traceback" not in seen.text
    assert states(root) == {"worker": "exited", "redis": "exited"}


def test_ctrl_c_twice_leaves_nothing_that_the_next_command_can_not_mend(project: MakeProject, cli: Cli) -> None:
    stubborn = SLEEPER.replace("lambda *_: os._exit(0)", "signal.SIG_IGN")
    root = project({"devenv.toml": worker(script=stubborn) + REDIS})
    with terminal(cli.argv("up"), root, cli.env) as seen:
        seen.wait_for(FOLLOWING)
        seen.type("\x03")
        seen.wait_for("stopping")
        seen.type("\x03")
        assert seen.end(8) == 130
    assert "Traceback" not in seen.text
    docker("kill", containers(root)["worker"]["Id"])  # the engine would do it in some seconds
    assert cli("up", "-d", cwd=root).code == 0
    assert running(root) == {"worker", "redis"}
    docker("kill", containers(root)["worker"]["Id"])
    assert cli("down", cwd=root).code == 0
    assert all_containers(root) == []


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGHUP])
def test_a_terminal_that_closes_leaves_what_runs_and_no_process(
    project: MakeProject, cli: Cli, signum: signal.Signals
) -> None:
    """The command goes; the services are the engine's, and the next command finds them."""
    root = project({"devenv.toml": worker() + REDIS})
    process = cli.start("up", cwd=root, start_new_session=True, stderr=subprocess.STDOUT)
    assert process.stdout is not None
    assert any(FOLLOWING in line for line in process.stdout)
    process.send_signal(signum)
    process.communicate(timeout=60)
    assert process.returncode != 0
    result = cli("up", "-d", cwd=root)
    assert result.code == 0, result.err
    assert running(root) == {"worker", "redis"}


def test_logs_end_when_everything_has_ended_by_itself(project: MakeProject, cli: Cli) -> None:
    """Without a terminal as well: `up` in the foreground returns when nothing is left to follow."""
    script = "import time; print('well done', flush=True); time.sleep(3)"
    root = project({"devenv.toml": worker(script=script, more='ready = { log = "well done" }')})
    result = cli("up", cwd=root, timeout=60)
    assert result.code == 0, result.err
    assert states(root) == {"worker": "exited"}


def test_what_was_up_already_is_followed_and_stopped_as_well(project: MakeProject, up: Up, cli: Cli) -> None:
    root = project({"devenv.toml": worker(script=TALKER) + REDIS})
    up(root)
    before = starts(root)
    with terminal(cli.argv("up"), root, cli.env) as seen:
        seen.wait_for("tick")
        assert starts(root) == before
        seen.type("\x03")
        assert seen.end() == 130
    assert running(root) == set()
