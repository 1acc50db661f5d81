"""Who watches: `up` in the foreground, `up -d --watch` in the background, `watch`; one at a time, and all end well."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
from pathlib import Path

import pytest

from tests.command_line import Cli
from tests.conftest import MakeProject
from tests.e2e.conftest import Up
from tests.e2e.engine import running
from tests.e2e.sources import MANIFEST, SERVER, WORKER, written
from tests.e2e.terminal import terminal
from tests.e2e.watching import page, watching
from tests.testbed.containers import wait_for

pytestmark = pytest.mark.engine

FOLLOWING = "logs follow"


@pytest.fixture
def root(project: MakeProject) -> Path:
    return written(project)


def test_up_in_the_foreground_tells_what_it_did_and_keeps_showing_logs(root: Path, cli: Cli) -> None:
    with terminal(cli.argv("up"), root, cli.env) as seen:
        seen.wait_for(FOLLOWING)
        (root / "src/page").write_text("two")
        seen.wait_for("src/page synced, restarted in ")
        seen.wait_for("(restarted: worker; picked up by uvicorn --reload; Dockerfile:5 COPY --chown=1000:1000")
        assert page(root) == "two"
        (root / "src/worker.py").write_text(WORKER.replace("worker says 1", "worker says another line"))
        seen.wait_for("worker | worker says another line")  # the log of the process that was started anew
        (root / "devenv.toml").write_text(MANIFEST + "bananas = 1\n")
        seen.wait_for("unknown key")
        (root / "devenv.toml").write_text(MANIFEST + 'env = { MORE = "1" }\n')
        seen.wait_for("the manifest applied in ")
        seen.type("\x03")
        assert seen.end() == 130
    assert "Traceback" not in seen.text
    assert running(root) == set()


def test_up_without_watch_only_shows_logs(root: Path, cli: Cli) -> None:
    with terminal(cli.argv("up", "--no-watch"), root, cli.env) as seen:
        seen.wait_for(FOLLOWING)
        assert cli("status", "--json", cwd=root).json()["watcher"] is None
        seen.type("\x03")
        assert seen.end() == 130


def test_a_watcher_in_the_background_is_shown_and_ends_with_down(root: Path, up: Up, cli: Cli) -> None:
    up(root, "--watch")
    watcher = cli("status", "--json", cwd=root).json()["watcher"]
    assert watcher["command"] == "devenv watch"
    assert f"(process {watcher['process']})" in cli("status", cwd=root).out
    (root / "src/page").write_text("two")
    wait_for(lambda: page(root) == "two")
    up(root, "--watch")
    assert cli("status", "--json", cwd=root).json()["watcher"] == watcher
    assert cli("down", cwd=root).code == 0
    assert not Path(f"/proc/{watcher['process']}").exists()
    assert cli("status", "--json", cwd=root).json()["watcher"] is None


def test_destroy_ends_the_watcher_too(root: Path, up: Up, cli: Cli) -> None:
    up(root, "--watch")
    process = cli("status", "--json", cwd=root).json()["watcher"]["process"]
    assert cli("destroy", "--yes", cwd=root).code == 0
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


@pytest.mark.parametrize("gone", ["the project's folder", "the state"])
def test_a_watcher_in_the_background_ends_by_itself_with_nothing_left_to_watch(
    root: Path, up: Up, cli: Cli, gone: str
) -> None:
    up(root, "--watch")
    process = cli("status", "--json", cwd=root).json()["watcher"]["process"]
    state = Path(cli.env["DEVENV_STATE_HOME"])
    shutil.rmtree(state if gone == "the state" else root)
    try:
        wait_for(lambda: not is_alive(process), 10)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    assert gone == "the project's folder" or not state.exists()  # and it leaves nothing behind


def is_alive(process: int) -> bool:
    """Whether it runs: not one that has ended and that nobody has taken notice of."""
    stat = Path(f"/proc/{process}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


def test_a_second_watcher_is_refused_and_told_of_the_first(root: Path, up: Up, cli: Cli) -> None:
    up(root)
    with watching(cli, root) as seen:
        result = cli("watch", cwd=root)
        assert result.code == 1
        assert f"(process {seen.process.pid})` watches this project already" in result.err


def test_a_watcher_in_the_background_goes_on_through_other_commands(root: Path, up: Up, cli: Cli) -> None:
    up(root, "--watch")
    assert cli("restart", cwd=root).code == 0
    (root / "src/page").write_text("two")
    wait_for(lambda: page(root) == "two")
    up(root, "--build")
    (root / "src/page").write_text("three")
    wait_for(lambda: page(root) == "three")
    (root / "src/uvicorn").write_text(SERVER + "# more\n")
    up(root)
    (root / "src/page").write_text("four")
    wait_for(lambda: page(root) == "four")
    assert cli("down", cwd=root).code == 0
