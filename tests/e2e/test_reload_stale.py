"""Nothing is ever stale: what changed while nobody looked is there after the next start, restart or look."""

from __future__ import annotations

import itertools
import os
import signal
from pathlib import Path

import pytest

from tests.command_line import Cli
from tests.conftest import MakeProject
from tests.e2e.conftest import Up
from tests.e2e.engine import all_containers, containers, docker, project_id, starts
from tests.e2e.sources import MANIFEST, ONE, written
from tests.e2e.watching import page, same, watching
from tests.testbed.containers import wait_for

pytestmark = pytest.mark.engine


@pytest.fixture
def root(project: MakeProject, up: Up) -> Path:
    folder = written(project, ONE)
    up(folder)
    return folder


def test_edits_made_while_it_was_down_are_in_the_next_start_without_a_build(root: Path, up: Up, cli: Cli) -> None:
    image = containers(root)["web"]["Image"]
    assert cli("down", cwd=root).code == 0
    (root / "src/page").write_text("while it was down")
    (root / "src/new").mkdir()
    (root / "src/new/file").write_text("new")
    said = up(root).err
    assert "building" not in said
    assert containers(root)["web"]["Image"] == image
    assert page(root) == "while it was down"
    assert same(root)


def test_edits_made_while_nobody_watched_are_in_the_first_look(root: Path, cli: Cli) -> None:
    (root / "src/page").write_text("unwatched")
    (root / "src/worker.py").unlink()
    with watching(cli, root) as seen:
        assert seen.reload()["paths"] == ["src/page", "src/worker.py"]
    assert page(root) == "unwatched"
    assert same(root)


def test_a_revert_to_what_the_image_holds_is_brought_over_too(root: Path, up: Up, cli: Cli) -> None:
    (root / "src/page").write_text("two")
    up(root)
    assert page(root) == "two"
    (root / "src/page").write_text("one")
    up(root)
    assert page(root) == "one"
    assert same(root)


def test_a_deletion_while_it_was_down_is_in_the_next_start(root: Path, up: Up, cli: Cli) -> None:
    assert cli("down", cwd=root).code == 0
    (root / "src/worker.py").unlink()
    up(root)
    assert same(root)


def test_a_container_made_anew_by_hand_is_brought_up_to_date(root: Path, cli: Cli) -> None:
    with watching(cli, root) as seen:
        (root / "src/page").write_text("two")
        seen.reload()
        before = containers(root)["web"]["Id"]
        state = next(Path(cli.env["DEVENV_STATE_HOME"]).glob("*/compose.env"))
        files = ["--env-file", str(state), "-f", str(root / ".devenv/compose.yaml"), "-p", project_id(root)]
        docker("compose", *files, "up", "-d", "--force-recreate", "--no-build", "web")
        seen.reload()
        wait_for(lambda: same(root), 20)
        assert containers(root)["web"]["Id"] != before
        assert page(root) == "two"


def test_a_watcher_that_was_stopped_for_a_while_sees_what_it_missed(root: Path, cli: Cli) -> None:
    with watching(cli, root) as seen:
        os.kill(seen.process.pid, signal.SIGSTOP)
        for number in range(200):
            folder = root / f"src/{number % 5}"
            folder.mkdir(exist_ok=True)
            (folder / str(number)).write_text("missed")
        (root / "src/page").unlink()
        os.kill(seen.process.pid, signal.SIGCONT)
        wait_for(lambda: same(root), 20)


def test_a_watcher_that_was_killed_in_the_middle_leaves_nothing_half(root: Path, cli: Cli) -> None:
    with watching(cli, root):
        pass
    process = cli.start("watch", "--json", cwd=root)
    wait_for(lambda: cli("status", "--json", cwd=root).json()["watcher"])
    for number in range(300):
        (root / f"src/{number}").write_text(str(number))
    process.kill()
    process.communicate()
    for number in range(0, 300, 2):
        (root / f"src/{number}").unlink()
    assert cli("sync", cwd=root).code == 0
    assert same(root)
    again = cli("sync", cwd=root)
    assert again.code == 0
    assert again.out == ""


def test_sync_by_hand_prints_what_differed(root: Path, cli: Cli) -> None:
    (root / "src/page").write_text("two")
    (root / "src/more").write_text("more")
    result = cli("sync", cwd=root)
    assert result.code == 0, result.err
    assert result.out.splitlines() == ["web: src/more: new", "web: src/page: changed"]
    assert same(root)
    (root / "lock.txt").write_text("2\n")
    result = cli("sync", "--json", cwd=root)
    assert result.code == 1
    assert [each["needs_build"] for each in result.json()["differences"]] == [True]
    assert "needs a build" in cli("sync", cwd=root).err


def test_a_container_that_is_stopped_stays_stopped_and_is_current_when_it_starts(root: Path, up: Up, cli: Cli) -> None:
    (root / "devenv.toml").write_text(MANIFEST)
    up(root)
    with watching(cli, root) as seen:
        docker("stop", "-t", "0", containers(root)["worker"]["Id"])
        wait_for(lambda: "worker" not in starts(root))
        for number in itertools.count():  # until the watcher has heard of it as well
            (root / "src/page").write_text(f"two {number}")
            if seen.reload()["services"] == ["web"]:
                break
        assert "worker" not in starts(root)
        docker("start", containers(root)["worker"]["Id"])
        assert seen.reload()["services"] == ["worker"]
        wait_for(lambda: same(root, "worker"))


def test_no_byte_on_the_host_is_ever_changed(root: Path, cli: Cli) -> None:
    docker(
        "exec", containers(root)["web"]["Id"], "sh", "-c", "echo inside > /app/src/inside; echo changed > /app/src/page"
    )
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file() and ".devenv" not in path.parts}
    with watching(cli, root) as seen:
        (root / "src/uvicorn").chmod(0o700)
        seen.reload()
    after = {path: path.read_bytes() for path in root.rglob("*") if path.is_file() and ".devenv" not in path.parts}
    assert after == before


def test_the_engine_forgets_nothing_when_all_is_taken_down(root: Path, cli: Cli) -> None:
    assert cli("up", "-d", "--watch", cwd=root).code == 0
    assert cli("down", cwd=root).code == 0
    assert all_containers(root) == []
    assert cli("status", "--json", cwd=root).json()["watcher"] is None
