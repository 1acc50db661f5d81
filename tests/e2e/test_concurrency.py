"""Two commands at once on one project: one works, the other waits and says for whom; one set of containers results."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.command_line import Cli
from tests.conftest import MakeProject
from tests.e2e.clients import addresses, redis_at
from tests.e2e.conftest import Up
from tests.e2e.engine import all_containers, containers, networks, running, starts
from tests.e2e.manifests import REDIS, worker
from tests.testbed.containers import wait_for

pytestmark = pytest.mark.engine

ROUNDS = 50 if os.environ.get("DEVENV_SOAK") else 10
WAITS = re.compile(r"waiting for `devenv (\w+)[^`]*\(process (\d+)\)`")


def manifest(number: int) -> str:
    """Another value each round, so that there is something to do."""
    return worker(more=f'env = {{ ROUND = "{number}" }}') + REDIS


def at_once(cli: Cli, root: Path, *commands: tuple[str, ...]) -> dict[int, tuple[str, str]]:
    """Run commands at the same time; gives each one's command and stderr by process id. All have to succeed."""
    processes = [cli.start(*words, cwd=root) for words in commands]
    results = {}
    for process, words in zip(processes, commands, strict=True):
        _, err = process.communicate(timeout=180)
        assert process.returncode == 0, err
        assert "Traceback" not in err
        results[process.pid] = (words[0], err)
    return results


def waited(results: dict[int, tuple[str, str]]) -> int:
    """How many waited; each names a process and a command that really was the other one."""
    count = 0
    for process, (_, err) in results.items():
        if found := WAITS.search(err):
            count += 1
            other = int(found[2])
            assert other in results.keys() - {process}
            assert found[1] == results[other][0]
    return count


def test_two_ups_at_once_make_one_set_of_containers(project: MakeProject, cli: Cli) -> None:
    root = project({"devenv.toml": manifest(0)})
    waits = 0
    for number in range(ROUNDS):
        (root / "devenv.toml").write_text(manifest(number))
        results = at_once(cli, root, ("up", "-d"), ("up", "-d"))
        waits += waited(results)
        assert f"ROUND={number}" in containers(root)["worker"]["Config"]["Env"]
        assert running(root) == {"worker", "redis"}
        assert len(networks(root)) == 1
    assert waits, "they never met: on a busy machine one may be done before the other starts, but not each time"


def test_up_and_down_at_once_leave_all_or_nothing(project: MakeProject, up: Up, cli: Cli) -> None:
    root = project({"devenv.toml": manifest(0)})
    up(root)
    with redis_at(addresses(cli, root)) as client:
        client.set("kept", "through all of it")
    for number in range(ROUNDS):
        (root / "devenv.toml").write_text(manifest(number))
        order = [("up", "-d"), ("down",)] if number % 2 else [("down",), ("up", "-d")]
        waited(at_once(cli, root, *order))
        assert {item["Config"]["Labels"]["devenv.service"] for item in all_containers(root)} in (
            set(),
            {"worker", "redis"},
        )
        assert running(root) in (set(), {"worker", "redis"})
    up(root)
    with redis_at(addresses(cli, root)) as client:
        assert client.get("kept") == "through all of it"


def test_many_commands_at_once_take_turns(project: MakeProject, cli: Cli) -> None:
    """Whatever they are; those that only look need no turn."""
    root = project({"devenv.toml": manifest(0)})
    at_once(cli, root, *[("up", "-d")] * 3, ("status",), ("env",), ("down",), ("validate",), ("down",))
    at_once(cli, root, *[("up", "-d")] * 4)
    assert running(root) == {"worker", "redis"}
    before = starts(root)
    at_once(cli, root, *[("up", "-d")] * 4)
    assert starts(root) == before


def test_a_build_is_waited_for_as_well(project: MakeProject, cli: Cli) -> None:
    """Both see the same new source; it is built once."""
    dockerfile = "FROM redis:8\nSTOPSIGNAL SIGKILL\nCOPY stamp /\nRUN sleep 1\n"
    root = project({"devenv.toml": '[app]\nbuild = "."\n', "Dockerfile": dockerfile, "stamp": "1"})
    results = at_once(cli, root, ("up", "-d"), ("up", "-d"))
    assert sorted("building" in err for _, err in results.values()) == [False, True]
    assert waited(results) == 1


def test_the_lock_goes_with_a_killed_process(project: MakeProject, cli: Cli) -> None:
    root = project({"devenv.toml": manifest(0)})
    process = cli.start("up", "-d", cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    locks = Path(cli.env["DEVENV_STATE_HOME"])
    wait_for(lambda: any(str(process.pid) in lock.read_text() for lock in locks.glob("*/lock")))
    process.kill()
    process.wait(timeout=10)
    result = cli("up", "-d", cwd=root)
    assert result.code == 0, result.err
    assert not WAITS.search(result.err)
