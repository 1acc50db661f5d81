"""What takes a build is built and replaced, what is refused leaves the old one running, and the watcher goes on."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.command_line import Cli
from tests.conftest import MakeProject
from tests.e2e.conftest import Up
from tests.e2e.engine import containers, docker, project_id, starts
from tests.e2e.sources import DOCKERFILE, MANIFEST, ONE, written
from tests.e2e.watching import page, same, watching
from tests.testbed.containers import wait_for

pytestmark = pytest.mark.engine


@pytest.fixture
def root(project: MakeProject, up: Up) -> Path:
    folder = written(project, ONE)
    up(folder)
    return folder


def test_a_changed_lock_file_rebuilds_and_keeps_what_was_saved(root: Path, cli: Cli) -> None:
    before = containers(root)["web"]
    with watching(cli, root) as seen:
        (root / "src/page").write_text("two")
        seen.reload()
        (root / "lock.txt").write_text("2\n")
        event = seen.reload(action="rebuilt")
        assert event["paths"] == ["lock.txt"]
        assert event["rule"].startswith("Dockerfile:4 RUN sha256sum lock.txt")
        after = containers(root)["web"]
        assert after["Image"] != before["Image"]
        assert page(root) == "two"
        (root / "src/page").write_text("three")
        seen.reload()
        assert page(root) == "three"
    assert same(root)


def test_a_build_that_fails_shows_why_and_leaves_the_old_one_running(root: Path, cli: Cli) -> None:
    before = starts(root)
    with watching(cli, root) as seen:
        (root / "Dockerfile").write_text(DOCKERFILE + "RUN echo the builder says no && exit 9\n")
        event = seen.reload(action="failed")
        assert any("the builder says no" in line for line in event["output"])
        assert starts(root) == before
        (root / "src/page").write_text("two")
        assert seen.reload(action="synced")["paths"] == ["src/page"]
        assert page(root) == "two"
        assert starts(root) == before
        (root / "Dockerfile").write_text(DOCKERFILE)
        wait_for(lambda: same(root))


def test_a_dockerfile_that_does_not_parse_is_told_and_the_loop_goes_on(root: Path, cli: Cli) -> None:
    before = starts(root)
    with watching(cli, root) as seen:
        (root / "Dockerfile").write_text("FROM\nBANANA\n")
        event = seen.reload(action="failed")
        assert "Dockerfile" in f"{event['detail']}{event['output']}"
        assert starts(root) == before
        (root / "Dockerfile").write_text(DOCKERFILE)
        (root / "src/page").write_text("two")
        wait_for(lambda: page(root) == "two")


def test_a_changed_manifest_is_applied_and_an_invalid_one_is_told(root: Path, cli: Cli) -> None:
    before = starts(root)
    with watching(cli, root) as seen:
        (root / "devenv.toml").write_text(MANIFEST)
        seen.reload(action="applied")
        after = starts(root)
        assert after.keys() == {"web", "worker"}
        assert after["web"] == before["web"]
        (root / "devenv.toml").write_text(MANIFEST + "bananas = 1\n")
        event = seen.reload(action="failed")
        assert "bananas" in event["detail"]
        assert starts(root) == after
        (root / "src/page").write_text("two")
        seen.reload()
        assert page(root) == "two"
        (root / "devenv.toml").write_text(ONE)
        seen.reload(action="applied")
        assert starts(root).keys() == {"web"}


def test_a_changed_env_file_is_applied_to_its_app(root: Path, cli: Cli) -> None:
    (root / ".env").write_text("GREETING=one\n")
    (root / "devenv.toml").write_text(MANIFEST.replace("ports = [8000]", 'ports = [8000]\nenv_file = ".env"'))
    assert cli("up", "-d", cwd=root).code == 0
    before = starts(root)
    with watching(cli, root) as seen:
        (root / ".env").write_text("GREETING=two\n")
        seen.reload(action="applied")
        after = starts(root)
        assert after["worker"] == before["worker"]
        assert "GREETING=two" in containers(root)["web"]["Config"]["Env"]


def test_an_image_without_rm_is_made_anew_and_that_is_said(root: Path, cli: Cli) -> None:
    (root / "Dockerfile").write_text(DOCKERFILE + 'RUN ["rm", "-f", "/bin/rm", "/usr/bin/rm"]\n')
    assert cli("up", "-d", cwd=root).code == 0
    with watching(cli, root) as seen:
        (root / "src/new").write_text("x")
        seen.reload(action="synced")
        (root / "src/new").unlink()
        (root / "src/worker.py").unlink()
        notice = seen.wait(lambda event: event["event"] == "notice" and "no `rm`" in event["message"])
        assert "deleted" in notice["message"]
        seen.reload(action="rebuilt")
        assert same(root)


def test_a_read_only_container_falls_back_to_a_build(root: Path, cli: Cli) -> None:
    """Made read-only by hand: a compose file of devenv has no such setting yet."""
    override = root.parent / "override.yaml"
    override.write_text("services:\n  web:\n    read_only: true\n")
    state = next(Path(cli.env["DEVENV_STATE_HOME"]).glob("*/compose.env"))
    files = ["--env-file", str(state), "-f", str(root / ".devenv/compose.yaml"), "-f", str(override)]
    docker("compose", *files, "-p", project_id(root), "up", "-d", "--force-recreate", "--no-build", "web")
    with watching(cli, root) as seen:
        (root / "src/page").write_text("two")
        seen.wait(lambda event: "read-only" in event.get("message", ""))
        seen.reload(action="rebuilt")
        assert page(root) == "two"
        assert same(root)


def test_flipping_between_commits_ends_equal(root: Path, cli: Cli) -> None:
    def git(*words: str) -> None:
        subprocess.run(["git", "-C", str(root), *words], check=True, capture_output=True, env={**cli.env})

    git("init", "-q")
    for number in range(200):
        folder = root / f"src/tree/{number % 9}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / str(number)).write_text(f"main {number}")
    git("add", "src", "lock.txt", "Dockerfile")
    git("commit", "-qm", "main")
    git("branch", "-m", "main")
    git("checkout", "-qb", "other")
    for number in range(200):
        path = root / f"src/tree/{number % 9}/{number}"
        path.write_text(f"other {number}") if number % 3 else path.unlink()
    (root / "src/tree/more").mkdir()
    (root / "src/tree/more/file").write_text("x")
    git("add", "-A", "src")
    git("commit", "-qm", "other")
    with watching(cli, root):
        for _ in range(3):
            for branch in ("main", "other"):
                git("checkout", "-q", branch)
                wait_for(lambda: same(root), 30)
