"""Nothing lost: random changes, checkouts and lost engines end with equal trees, and the host is untouched.

What it took is printed (`pytest -rP`); docs/benchmarks.md has it from the last long run.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import statistics
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.command_line import Cli
from tests.conftest import MakeProject
from tests.e2e.conftest import Up
from tests.e2e.engine import engine_socket
from tests.e2e.proxy import proxy
from tests.e2e.sources import ONE, written
from tests.e2e.watching import Event, Watching, same, watching
from tests.testbed.containers import wait_for

SOAK = bool(os.environ.get("DEVENV_SOAK"))
CHANGES = 10_000 if SOAK else 300
FLIPS, FLIPPED = (50, 5000) if SOAK else (4, 200)
LOSSES = 20 if SOAK else 2
BIG = 200_000_000 if SOAK else 20_000_000

pytestmark = [pytest.mark.engine, pytest.mark.timeout(3600 if SOAK else 600)]


@pytest.fixture
def root(project: MakeProject, up: Up) -> Path:
    folder = written(project, ONE)
    up(folder)
    return folder


def arrives(root: Path, seconds: float = 60) -> float:
    """Wait until the container has what the folder has; gives the seconds."""
    began = time.monotonic()
    wait_for(lambda: same(root), seconds)
    return time.monotonic() - began


def failures(seen: Watching) -> list[Event]:
    """What the watcher could not do."""
    return [event for event in seen.so_far() if event.get("action") == "failed"]


class Meddler:
    """Does random things to a folder, as people and programs do."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._folder = folder
        self._random = random.Random(seed)
        self._count = 0
        self._acts: list[Callable[[], object]] = [
            self._modify, self._modify, self._rename_over, self._new, self._new, self._delete, self._move,
            self._mode, self._link, self._empty, self._odd_name, self._remove_folder, self._folder_and_file,
        ]  # fmt: skip

    def act(self) -> None:
        """One change."""
        self._count += 1
        self._random.choice(self._acts)()

    def _files(self) -> list[Path]:
        """Real files only: what is written to a link goes to where it leads, which may be anywhere."""
        found = (path for path in self._folder.rglob("*") if path.is_file() and not path.is_symlink())
        return sorted(path for path in found if path.name != "uvicorn")

    def _any(self) -> Path:
        files = self._files()
        return self._random.choice(files) if files else self._new()

    def _place(self) -> Path:
        parts = [f"d{self._random.randrange(4)}" for _ in range(self._random.randrange(3))]
        folder = self._folder.joinpath(*parts)
        if any(parent.is_file() or parent.is_symlink() for parent in (folder, *folder.parents)):
            return self._folder
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _new(self) -> Path:
        path = self._place() / f"n{self._random.randrange(200)}"
        if path.is_dir():
            return self._any()
        path.unlink(missing_ok=True)
        path.write_text(f"{self._count}")
        return path

    def _modify(self) -> None:
        path = self._any()
        path.write_bytes(self._random.randbytes(self._random.randrange(1, 5000)))

    def _rename_over(self) -> None:
        path = self._any()
        temporary = path.with_name(f".{path.name}.tmp")
        temporary.write_text(f"renamed {self._count}")
        temporary.replace(path)

    def _delete(self) -> None:
        self._any().unlink()

    def _move(self) -> None:
        path = self._any()
        target = self._place() / path.name.swapcase()
        if not target.is_dir():
            path.replace(target)

    def _mode(self) -> None:
        path = self._any()
        if not path.is_symlink():
            path.chmod(self._random.choice([0o600, 0o644, 0o755, 0o4755]))

    def _link(self) -> None:
        path = self._place() / f"l{self._random.randrange(20)}"
        path.unlink(missing_ok=True)
        path.symlink_to(self._random.choice(["../page", "nowhere", "/nonexistent/out-of-the-project"]))

    def _empty(self) -> None:
        self._write(f"e{self._random.randrange(20)}", "")

    def _odd_name(self) -> None:
        name = self._random.choice(["größe", "日本", "a b", "'q\"", "-rf", "$x", "e\u0301", "x" * 200])
        self._write(name, f"{self._count}")

    def _write(self, name: str, text: str) -> None:
        path = self._place() / name
        if not path.is_symlink():
            path.write_text(text)

    def _remove_folder(self) -> None:
        folder = self._folder / f"d{self._random.randrange(4)}"
        if folder.is_dir() and self._random.random() < 0.3:
            shutil.rmtree(folder)

    def _folder_and_file(self) -> None:
        path = self._folder / f"swap{self._random.randrange(3)}"
        if path.is_dir():
            shutil.rmtree(path)
            path.write_text("now a file")
        else:
            path.unlink(missing_ok=True)
            path.mkdir()
            (path / "inside").write_text("now a folder")


def test_random_changes_all_arrive(root: Path, cli: Cli) -> None:
    meddler = Meddler(root / "src", seed=CHANGES)
    with watching(cli, root) as seen:
        for number in range(CHANGES):
            meddler.act()
            if number % 37 == 0:
                time.sleep(random.random() * 0.03)
        before = {path: path.lstat().st_ctime_ns for path in (root / "src").rglob("*")}
        print(f"{CHANGES} changes: equal {arrives(root):.1f} s after the last one")
        assert {path: path.lstat().st_ctime_ns for path in (root / "src").rglob("*")} == before
        assert failures(seen) == []


def test_a_large_file_arrives(root: Path, cli: Cli) -> None:
    with watching(cli, root):
        with (root / "src/big").open("wb") as file:
            for _ in range(BIG // 1_000_000):
                file.write(os.urandom(1_000_000))
        print(f"{BIG // 1_000_000} MB: equal {arrives(root):.1f} s after the last byte")


def test_a_watcher_that_is_stopped_and_flooded_catches_up(root: Path, cli: Cli) -> None:
    meddler = Meddler(root / "src", seed=1)
    with watching(cli, root) as seen:
        os.kill(seen.process.pid, signal.SIGSTOP)
        for _ in range(min(CHANGES, 2000)):
            meddler.act()
        for number in range(20_000 if SOAK else 500):  # more than the kernel's queue holds
            (root / "src/flood").write_text(str(number))
        if SOAK:
            time.sleep(30)
        os.kill(seen.process.pid, signal.SIGCONT)
        print(f"equal {arrives(root):.1f} s after it went on")
        assert failures(seen) == []


def test_checkouts_end_equal_every_time(root: Path, cli: Cli) -> None:
    def git(*words: str) -> None:
        subprocess.run(["git", "-C", str(root), *words], check=True, capture_output=True, env={**cli.env})

    git("init", "-q", "-b", "main")
    for branch in ("main", "other"):
        if branch == "other":
            git("checkout", "-qb", branch)
        for number in range(FLIPPED):
            path = root / f"src/tree/{number % 50}/f{number}"
            path.parent.mkdir(parents=True, exist_ok=True)
            if branch == "other" and number % 10 == 0:
                path.unlink()
            else:
                path.write_text(f"{branch} {number}")
        git("add", "src")
        git("commit", "-qm", branch)
    times = []
    with watching(cli, root) as seen:
        seen.reload()
        arrives(root)
        for flip in range(FLIPS):
            git("checkout", "-q", ("main", "other")[flip % 2])
            times.append(arrives(root))
            seen.reload()
        assert failures(seen) == []
        batches = len([event for event in seen.so_far() if event["event"] == "reload"]) - 1
        assert batches == FLIPS  # a checkout is one batch, and so one restart
    middle, most = statistics.median(times), max(times)
    print(f"{FLIPS} checkouts of {FLIPPED} files: equal {middle:.1f} s after git's end, at most {most:.1f} s")


def test_an_engine_that_goes_away_and_comes_back_is_served_again(root: Path, cli: Cli, tmp_path: Path) -> None:
    """The engine of these tests is everybody's, so the way to it is what is cut."""
    socket = tmp_path / "engine.sock"
    env = {"DOCKER_HOST": f"unix://{socket}"}
    with proxy(socket, engine_socket()) as first, watching(cli, root, env=env) as seen:
        (root / "src/page").write_text("before")
        seen.reload()
        first.cut()
        for number in range(LOSSES):
            seen.wait(lambda event: "does not answer" in event.get("message", ""))
            (root / "src/page").write_text(f"while it was away {number}")
            (root / f"src/new{number}").write_text("new")
            with proxy(socket, engine_socket()) as again:
                seen.wait(lambda event: "is back" in event.get("message", ""))
                wait_for(lambda: same(root), 30)
                (root / "src/page").write_text(f"after {number}")
                wait_for(lambda: same(root), 30)
                again.cut()
