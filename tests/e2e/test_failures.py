"""What does not start is named, with its last words and what was asked of it, within the time given."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tests.command_line import Cli
from tests.conftest import MakeProject
from tests.e2e.conftest import Up
from tests.e2e.engine import all_containers, containers, docker, running, starts
from tests.e2e.manifests import DOCKERFILE, MAIN, PYTHON, REDIS, SERVER, web, worker

pytestmark = pytest.mark.engine


def test_an_app_that_ends_is_named_with_its_last_lines_at_once(project: MakeProject, up: Up, cli: Cli) -> None:
    script = "import sys; print('one'); sys.exit('config is missing: SHOP_KEY')"
    root = project({"devenv.toml": web(script=script) + REDIS})
    begun = time.monotonic()
    result = cli("up", "-d", "--timeout", "60", cwd=root)
    assert time.monotonic() - begun < 30
    assert result.code == 1
    assert "`web`" in result.err
    assert "exit code 1" in result.err
    assert "config is missing: SHOP_KEY" in result.err
    assert running(root) == {"redis"}
    (root / "devenv.toml").write_text(web() + REDIS)
    before = starts(root)["redis"]
    up(root)
    assert starts(root)["redis"] == before


def test_an_app_that_ends_after_it_seemed_to_run_is_noticed(project: MakeProject, cli: Cli) -> None:
    """It has no port and no check of its own: that it still runs a moment later is what is asked."""
    root = project({"devenv.toml": f'[app]\nimage = "{PYTHON}"\ncommand = ["sh", "-c", "exit 7"]\n'})
    result = cli("up", "-d", cwd=root)
    assert result.code == 1
    assert "exit code 7" in result.err


def test_an_app_that_ends_while_another_is_waited_for_is_noticed(project: MakeProject, cli: Cli) -> None:
    slow = web(script="import time; time.sleep(4)\n" + SERVER)
    root = project({"devenv.toml": slow + worker(script="import time; time.sleep(2); raise SystemExit(7)")})
    result = cli("up", "-d", cwd=root)
    assert result.code == 1
    assert "`worker`" in result.err
    assert "exit code 7" in result.err


@pytest.mark.parametrize(
    ("ready", "last"),
    [
        ('ready = { http = "/nowhere" }', "404"),
        ("ready = { tcp = 8001 }\nports = [8001]", None),
        ('ready = { command = ["sh", "-c", "echo not yet; exit 3"] }', "not yet"),
        ('ready = { log = "never said" }', "never said"),
    ],
    ids=["http", "tcp", "command", "log"],
)
def test_what_is_never_ready_is_given_up_at_the_timeout(
    project: MakeProject, cli: Cli, ready: str, last: str | None
) -> None:
    text = web().replace('ready = { http = "/" }', ready)
    if "8001" in ready:
        text = text.replace("ports = [8000]\n", "")
    root = project({"devenv.toml": text})
    begun = time.monotonic()
    result = cli("up", "-d", "--timeout", "5", cwd=root)
    assert 5 <= time.monotonic() - begun < 25
    assert result.code == 1
    assert "`web`" in result.err
    assert "the web server starts" in result.err
    assert last is None or last in result.err


def test_a_failure_as_json_has_the_service_the_reason_and_the_log(project: MakeProject, cli: Cli) -> None:
    root = project({"devenv.toml": worker(script="raise SystemExit('no luck')", more='ready = { log = "never" }')})
    result = cli("up", "--json", cwd=root)
    assert result.code == 1
    error = json.loads(result.out)["error"]
    assert (error["service"], error["exit_code"]) == ("worker", 1)
    assert any("no luck" in line for line in error["logs"])


@pytest.mark.parametrize("image", ["nosuch/thing:1", "localhost:1/nosuch:1"])
def test_an_image_that_is_not_to_be_had_is_named_quickly(project: MakeProject, cli: Cli, image: str) -> None:
    root = project({"devenv.toml": f'[sidecars.thing]\nimage = "{image}"\n[sidecars.redis]\n'})
    begun = time.monotonic()
    result = cli("up", "-d", cwd=root)
    assert time.monotonic() - begun < 40
    assert result.code == 1
    assert f"`{image}`" in result.err
    assert "hint:" in result.err
    assert "Traceback" not in result.err


BUILT = '[app]\nbuild = "."\nports = [8000]\nready = { http = "/" }\n'


def test_a_dockerfile_that_fails_shows_what_the_builder_said_and_the_old_version_keeps_running(
    project: MakeProject, up: Up, cli: Cli
) -> None:
    root = project({"devenv.toml": BUILT, "Dockerfile": DOCKERFILE, "main.py": MAIN})
    up(root)
    before = starts(root)
    (root / "Dockerfile").write_text(DOCKERFILE + "RUN echo the oven is cold >&2; exit 9\n")
    result = cli("up", "-d", cwd=root)
    assert result.code == 1
    assert "the oven is cold" in result.err
    assert "`app`" in result.err
    assert starts(root) == before
    (root / "Dockerfile").write_text(DOCKERFILE)
    up(root)
    assert starts(root) == before


@pytest.mark.parametrize(
    ("files", "code", "word"),
    [
        ({}, 2, "Dockerfile"),
        ({"Dockerfile": f"FROM {PYTHON}\nCOPPY . .\n"}, 1, "COPPY"),
        ({"Dockerfile": "FROM nosuch/base:1\n"}, 1, "nosuch/base:1"),
        ({"Dockerfile": f"FROM {PYTHON}\nCOPY missing /\n"}, 1, "missing"),
    ],
    ids=["none", "unknown word", "unknown base", "missing file"],
)
def test_a_build_that_can_not_begin_says_why(
    project: MakeProject, cli: Cli, files: dict[str, str], code: int, word: str
) -> None:
    root = project({"devenv.toml": BUILT, **files})
    result = cli("up", "-d", cwd=root)
    assert result.code == code, result.err
    assert word in result.err
    assert "Traceback" not in result.err
    assert all_containers(root) == []


def test_a_setup_that_fails_is_named_and_the_app_is_not_started(project: MakeProject, cli: Cli) -> None:
    text = web(more='setup = [["sh", "-c", "echo fine"], ["sh", "-c", "echo no such table; exit 3"]]')
    root = project({"devenv.toml": text})
    result = cli("up", "-d", cwd=root)
    assert result.code == 1
    assert "`web`" in result.err
    assert "no such table" in result.err
    assert "3" in result.err
    assert running(root) == set()


def test_a_setup_that_failed_is_tried_again_even_if_its_app_runs(project: MakeProject, up: Up, cli: Cli) -> None:
    """Not forgotten because the app, which runs still, needs no start."""
    root = project({"devenv.toml": web() + REDIS})
    up(root)
    failing = web(more='setup = ["sh", "-c", "test -e /tmp/index.html"]') + REDIS
    (root / "devenv.toml").write_text(failing)
    assert cli("up", "-d", cwd=root).code == 1
    assert cli("up", "-d", cwd=root).code == 1


def test_the_sidecars_of_a_failed_app_can_be_used_and_stopped(project: MakeProject, cli: Cli) -> None:
    root = project({"devenv.toml": worker(script="raise SystemExit(1)", more='ready = { log = "never" }') + REDIS})
    assert cli("up", "-d", cwd=root).code == 1
    assert docker("exec", containers(root)["redis"]["Id"], "redis-cli", "ping") == "PONG"
    states = {s["name"]: s["state"] for s in cli("status", "--json", cwd=root).json()["services"]}
    assert states == {"worker": "exited", "redis": "ready"}
    assert cli("down", cwd=root).code == 0
    assert all_containers(root) == []


def test_a_service_that_was_killed_while_it_ran_is_seen_and_started_again(
    project: MakeProject, up: Up, cli: Cli, tmp_path: Path
) -> None:
    root = project({"devenv.toml": worker() + REDIS})
    up(root)
    docker("kill", containers(root)["worker"]["Id"])
    states = {s["name"]: s["state"] for s in cli("status", "--json", cwd=root).json()["services"]}
    assert states["worker"] in ("stopped", "exited")
    up(root)
    assert running(root) == {"worker", "redis"}
