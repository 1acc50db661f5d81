"""Apps on the host beside sidecars in containers: one environment, one set of verbs."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.command_line import Cli
from tests.e2e.conftest import Up
from tests.e2e.engine import containers, running
from tests.e2e.watching import watching
from tests.native.apps import page, write_app
from tests.native.machine import end_everything_below, processes, project_of
from tests.native.test_apps import free_port

pytestmark = pytest.mark.engine

MANIFEST = '[app]\nbuild = "."\nports = ["{port}:8000"]\nready = {{ http = "/" }}\n{more}[sidecars]\nredis = {{}}\n'


@pytest.fixture
def root(tmp_path: Path, cli: Cli) -> Iterator[Path]:
    """A folder for the project; what runs on the host is ended, what runs in containers by the project's fixture."""
    folder = tmp_path / "shop"
    yield folder
    end_everything_below(tmp_path, cli)


def make(root: Path, project: object, more: str = "host = true\n") -> str:
    """Write the project; gives its address."""
    port = free_port()
    write_app(root, MANIFEST.format(port=port, more=more))
    return f"http://127.0.0.1:{port}"


def services(cli: Cli, root: Path) -> dict[str, str]:
    """The state of each service."""
    return {each["name"]: each["state"] for each in cli("status", "--json", cwd=root).json()["services"]}


def test_one_environment_of_both(root: Path, project: object, up: Up, cli: Cli) -> None:
    url = make(root, project)
    up(root)
    assert running(root) == {"redis"}
    told = page(url)
    redis = cli("env", "--format", "json", cwd=root).json()["REDIS_URL"]
    assert told["env"]["REDIS_URL"] == redis, "the environment is the host's"
    assert services(cli, root) == {"redis": "ready", "app": "ready"}
    assert {line.split()[0] for line in cli("logs", cwd=root).out.splitlines()} == {"redis", "app"}
    inside = cli("exec", "app", "--", "sh", "-c", "echo $REDIS_URL", cwd=root)
    assert inside.out.strip() == redis
    before = told["pid"]
    up(root)
    assert page(url)["pid"] == before
    assert cli("restart", "app", cwd=root).code == 0
    assert page(url)["pid"] != before
    assert cli("down", cwd=root).code == 0
    assert processes(project_of(root, cli)) == []
    assert containers(root) == {}


def test_a_save_goes_live(root: Path, project: object, up: Up, cli: Cli) -> None:
    url = make(root, project)
    up(root)
    with watching(cli, root) as seen:
        (root / "backend" / "word.txt").write_text("two")
        seen.reload(action="restarted")
        seen.wait(lambda each: each["event"] == "phase" and each["phase"] == "ready")
    assert page(url)["word"] == "two"


def test_an_app_moves_to_the_host_and_back(root: Path, project: object, up: Up, cli: Cli) -> None:
    url = make(root, project, more="")
    up(root)
    assert running(root) == {"redis", "app"}
    assert page(url)["folder"] == "/srv/app"
    up(root, "--host-app")
    assert running(root) == {"redis"}
    assert page(url)["folder"] == str(root / "backend")
    assert services(cli, root) == {"redis": "ready", "app": "ready"}
    up(root)
    assert page(url)["folder"] == "/srv/app"
    assert processes(project_of(root, cli)) == []


def test_ctrl_c_ends_both(root: Path, project: object, cli: Cli) -> None:
    make(root, project)
    process = cli.start("up", cwd=root, start_new_session=True)
    assert process.stderr is not None
    for line in process.stderr:
        if "logs follow" in line:
            break
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert processes(project_of(root, cli)) == []
    assert running(root) == set()


def test_the_compose_file_leaves_it_out(root: Path, project: object, cli: Cli) -> None:
    make(root, project)
    assert cli("generate", "compose", cwd=root).code == 0
    text = (root / "compose.yaml").read_text()
    assert "redis" in text
    assert "server.py" not in text
