"""A saved file is in the containers at once, with the image's owner and mode; what is compared is what they hold."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tests.command_line import Cli
from tests.conftest import MakeProject
from tests.e2e.conftest import Up
from tests.e2e.engine import containers, docker, starts
from tests.e2e.sources import ONE, SERVER, WORKER, written
from tests.e2e.watching import page, same, watching
from tests.testbed.containers import wait_for

pytestmark = pytest.mark.engine


@pytest.fixture
def root(project: MakeProject) -> Path:
    return written(project)


def test_a_save_is_served_at_once_and_only_the_process_that_needs_it_starts_anew(root: Path, up: Up, cli: Cli) -> None:
    up(root)
    before = starts(root)
    with watching(cli, root) as seen:
        (root / "src/page").write_text("two")
        event = seen.reload()
        assert page(root) == "two"
        assert event["services"] == ["web", "worker"]
        assert event["paths"] == ["src/page"]
        assert event["rule"].startswith("Dockerfile:5 COPY --chown=1000:1000")
        assert event["seconds"] < 5
        assert "restarted" in event["action"]
        after = starts(root)
        assert after["web"] == before["web"]
        assert after["worker"][0] == before["worker"][0]
        assert after["worker"] != before["worker"]
    assert same(root)
    assert same(root, "worker")


def test_a_process_without_a_handler_costs_no_grace_period(root: Path, up: Up, cli: Cli) -> None:
    deaf = "\n".join(line for line in WORKER.splitlines() if "SIGTERM" not in line)
    (root / "src/worker.py").write_text(deaf)  # process 1 without a handler does not get the signal at all
    up(root)
    with watching(cli, root) as seen:
        begin = time.monotonic()
        (root / "src/worker.py").write_text(deaf.replace("says 1", "says 2"))
        seen.wait(lambda event: event.get("service") == "worker" and event.get("phase") == "ready")
        assert time.monotonic() - begin < 5  # the engine's own restart would wait 10 s before it kills
        assert "worker says 2" in docker("logs", containers(root)["worker"]["Id"])


@pytest.fixture
def one(root: Path, up: Up) -> Path:
    """Only the app that needs no restart."""
    (root / "devenv.toml").write_text(ONE)
    up(root)
    return root


def arrives(root: Path) -> None:
    """Wait until the container is what the folder asks for."""
    wait_for(lambda: same(root), 20)


def test_every_kind_of_change_arrives(one: Path, cli: Cli) -> None:
    src = one / "src"
    with watching(cli, one) as seen:
        (src / "deep/er").mkdir(parents=True)
        (src / "deep/er/new").write_text("new")
        arrives(one)
        (src / "deep/er/new").chmod(0o751)
        arrives(one)
        (src / "deep/er").chmod(0o700)
        arrives(one)
        (src / "link").symlink_to("deep/er/new")
        arrives(one)
        (src / "link").unlink()
        (src / "link").symlink_to("page")
        arrives(one)
        (src / "empty").write_bytes(b"")
        arrives(one)
        (src / "größe 日本.txt").write_text("ü")
        (src / "a b'c\"d$e").write_text("odd")
        arrives(one)
        (src / "deep").rename(src / "other")
        arrives(one)
        (src / "page").rename(src / "PAGE")
        (src / "page").write_text("x")
        arrives(one)
        (src / "other/er/new").unlink()
        arrives(one)
        (src / "empty").unlink()
        (src / "empty").mkdir()
        (src / "empty/file").write_text("a file became a folder")
        arrives(one)
        (src / "empty/file").unlink()
        (src / "empty").rmdir()
        (src / "empty").write_text("and a file again")
        arrives(one)
        assert not [event for event in seen.so_far() if event.get("action") == "failed"]


def test_a_save_by_rename_sends_one_file_and_deletes_none(one: Path, cli: Cli) -> None:
    with watching(cli, one) as seen:
        for number in range(5):
            (one / "src/.page.tmp").write_text(f"save {number}")
            (one / "src/.page.tmp").replace(one / "src/page")
            event = seen.reload()
            assert event["paths"] == ["src/page"], event
            assert page(one) == f"save {number}"


def test_vims_probe_is_no_change_and_a_file_of_its_name_is(one: Path, cli: Cli) -> None:
    probe, page, backup = (one / "src" / name for name in ("4913", "page", "page~"))
    with watching(cli, one) as seen:
        for number in range(5):
            probe.touch()
            time.sleep(0.01)
            probe.unlink()
            page.rename(backup)
            page.write_text(f"save {number}")
            backup.unlink()
            assert seen.reload()["paths"] == ["src/page"]
        for content in ("", "no probe"):
            probe.write_text(content)
            assert seen.reload()["paths"] == ["src/4913"]
            assert same(one)


def test_a_file_that_is_saved_unchanged_does_nothing(one: Path, cli: Cli) -> None:
    with watching(cli, one) as seen:
        (one / "src/page").write_text("one")
        os.utime(one / "src/uvicorn")
        (one / "src/page").write_text("two")
        assert seen.reload()["paths"] == ["src/page"]
        assert len([event for event in seen.so_far() if event["event"] == "reload"]) == 1


def test_what_is_not_in_the_image_does_nothing(one: Path, cli: Cli) -> None:
    with watching(cli, one) as seen:
        (one / "notes.md").write_text("not copied")
        (one / "src/x.log").write_text("ignored")
        (one / "src/.page.swp").write_text("an editor's")
        (one / "src/page").write_text("two")
        assert seen.reload()["paths"] == ["src/page"]
        (one / "src/page").write_text("three")
        assert seen.reload()["paths"] == ["src/page"]
        assert "x.log" not in docker("exec", containers(one)["web"]["Id"], "ls", "-a", "/app/src")


def test_many_files_at_once_are_one_batch_and_one_restart(root: Path, up: Up, cli: Cli) -> None:
    up(root)
    with watching(cli, root) as seen:
        for number in range(300):
            folder = root / f"src/many/{number % 7}"
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{number}").write_text(str(number))
        seen.reload()
        wait_for(lambda: same(root) and same(root, "worker"), 30)
        seen.wait(lambda event: event.get("service") == "worker" and event.get("phase") == "ready")
        log = docker("logs", containers(root)["worker"]["Id"])
        assert log.count("worker says 1") <= 3  # a batch or two, never one for each file


def test_a_crashed_app_is_revived_by_the_next_good_save(one: Path, cli: Cli) -> None:
    (one / "src/uvicorn").write_text(SERVER)
    with watching(cli, one) as seen:
        (one / "src/uvicorn").write_text("#!/usr/local/bin/python\nraise SystemExit(3)\n")
        docker("restart", "-t", "0", containers(one)["web"]["Id"])
        wait_for(lambda: containers(one)["web"]["State"]["Status"] == "exited")
        seen.wait(lambda event: "ended with exit code 3" in event.get("message", ""))
        (one / "src/uvicorn").write_text(SERVER)
        event = seen.reload(action="synced, started again")
        assert event["services"] == ["web"]
        seen.wait(lambda event: event.get("phase") == "ready")
        assert page(one) == "one"
