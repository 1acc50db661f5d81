"""`devenv up` killed with SIGKILL at API calls, alone or with its Compose: the next `up` heals, and no row is lost.

A proxy before the engine's socket counts the calls of devenv and of Compose, and kills once the engine has done the
k-th, before anybody hears of it.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.command_line import Cli
from tests.conftest import write_files
from tests.e2e.clients import addresses, execute, redis_at, rows
from tests.e2e.engine import all_containers, engine_socket, networks, running
from tests.e2e.manifests import PYTHON, strings, worker
from tests.e2e.proxy import Proxy, proxy

pytestmark = pytest.mark.engine

SOAK = bool(os.environ.get("DEVENV_SOAK"))
POINTS = 8
LEFTOVER = re.compile(r"^/[0-9a-f]{12}_")
SETUP = f"setup = {strings(['python', '-c', 'print(1)'])}"

FRESH = worker(more=SETUP) + "[sidecars]\nredis = {}\n"
SEEDED = worker(more='env = { ROUND = "1" }\n' + SETUP) + '[sidecars.postgres]\nversion = "17"\nenv = { ROUND = "1" }\n'
SEED = (
    "create table seeded (id int primary key, text text)",
    "insert into seeded select n, md5(n::text) from generate_series(1, 10000) n",
)
CHECKSUM = "select count(*), md5(string_agg(text, ',' order by id)) from seeded"


@dataclass(frozen=True)
class Crash:
    """One way to die: after the k-th call, with Compose or without it."""

    call: int
    with_children: bool


def run_until(cli: Cli, root: Path, crash: Crash | None) -> list[str]:
    """`devenv up -d` that is killed, or not; gives the API calls that were made."""
    started = threading.Event()
    process: subprocess.Popen[str]

    def hook(number: int, line: str) -> None:
        started.wait(10)
        if crash and number == crash.call:
            (os.killpg if crash.with_children else os.kill)(process.pid, signal.SIGKILL)
            process.wait(10)

    target = engine_socket()
    with proxy(root.parent / "s", target, hook, changes_only=not SOAK) as between:
        process = cli.start(
            "up", "-d", cwd=root, env={"DOCKER_HOST": between.url}, start_new_session=True, stderr=subprocess.STDOUT
        )
        started.set()
        out, _ = process.communicate(timeout=120)  # ends when Compose, if it lives on, has ended too
        if crash is None:
            assert process.returncode == 0, out
        return settled(between)


def settled(between: Proxy) -> list[str]:
    """The calls so far."""
    return list(between.calls)


def crashes(count: int) -> list[Crash]:
    """Every call and both ways in a soak; else some of them, in turns."""
    if SOAK:
        return [Crash(call, way) for call in range(1, count + 1) for way in (False, True)]
    chosen = sorted({1 + round(step * (count - 1) / (POINTS - 1)) for step in range(POINTS)})
    return [Crash(call, bool(number % 2)) for number, call in enumerate(chosen)]


def healed(cli: Cli, root: Path, services: set[str]) -> None:
    """One more `up`, and everything is as if nothing had happened."""
    result = cli("up", "-d", cwd=root)
    assert result.code == 0, result.err
    assert "Traceback" not in result.err
    assert running(root) == services
    assert [item["Name"] for item in all_containers(root) if LEFTOVER.match(item["Name"])] == []
    assert len(networks(root)) == 1


def each(count: int, attempt: Callable[[Crash], None], calls: list[str]) -> None:
    """Try every crash, and only then tell which of them were not mended."""
    failures = []
    for crash in crashes(count):
        try:
            attempt(crash)
        except AssertionError as error:
            failures.append(f"{crash} after {calls[crash.call - 1]}: {error}")
    assert not failures, "\n\n".join(failures)


def test_a_first_up_that_is_killed_is_mended_by_the_next(tmp_path: Path, cli: Cli) -> None:
    calls = run_until(cli, write_files(tmp_path / "whole/shop", {"devenv.toml": FRESH}), None)
    assert len(calls) >= POINTS

    def attempt(crash: Crash) -> None:
        root = write_files(tmp_path / f"{crash.call}-{crash.with_children}/shop", {"devenv.toml": FRESH})
        run_until(cli, root, crash)
        healed(cli, root, {"worker", "redis"})
        with redis_at(addresses(cli, root)) as client:
            assert client.ping()
        assert cli("destroy", "--yes", cwd=root).code == 0
        assert all_containers(root) == []

    each(len(calls), attempt, calls)


def test_an_up_that_replaces_a_seeded_database_is_mended_and_loses_no_row(tmp_path: Path, cli: Cli) -> None:
    root = write_files(tmp_path / "shop", {"devenv.toml": SEEDED})
    healed(cli, root, {"worker", "postgres"})
    execute(addresses(cli, root), *SEED)
    before = rows(addresses(cli, root), CHECKSUM)
    rounds = iter(range(2, 1000))

    def change() -> None:
        (root / "devenv.toml").write_text(SEEDED.replace('"1"', f'"{next(rounds)}"'))

    change()
    calls = run_until(cli, root, None)
    assert len(calls) >= POINTS

    def attempt(crash: Crash) -> None:
        change()
        run_until(cli, root, crash)
        healed(cli, root, {"worker", "postgres"})
        assert rows(addresses(cli, root), CHECKSUM) == before

    each(len(calls), attempt, calls)


@pytest.mark.parametrize("times", [1, 2], ids=["once", "twice"])
@pytest.mark.parametrize("call", ["/containers/create", "/start"])
def test_ctrl_c_ends_with_130_and_the_next_up_works(tmp_path: Path, cli: Cli, times: int, call: str) -> None:
    """As a terminal sends it: to the whole group, also while the first is being dealt with."""
    slow = f'[apps.slow]\nimage = "{PYTHON}"\ncommand = {strings(["sleep", "60"])}\nready = {{ log = "never" }}\n'
    root = write_files(tmp_path / "shop", {"devenv.toml": slow + FRESH})
    reached = threading.Event()

    def hook(number: int, line: str) -> None:
        if call in line:
            reached.set()

    target = engine_socket()
    with proxy(tmp_path / "s", target, hook, changes_only=True) as between:
        process = cli.start(
            "up", "-d", cwd=root, env={"DOCKER_HOST": between.url}, start_new_session=True, stderr=subprocess.STDOUT
        )
        assert reached.wait(60)
        for _ in range(times):
            os.killpg(process.pid, signal.SIGINT)
        out, _ = process.communicate(timeout=90)
    assert process.returncode in (130, -signal.SIGINT), out  # a shell calls both 130
    assert "Traceback" not in out
    (root / "devenv.toml").write_text(FRESH)
    healed(cli, root, {"worker", "redis"})
