"""Whether git is at work: by its lock, in a repository, a worktree or none."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

from devenv.reload.git import Git


def test_a_lock_in_the_repository_around_the_folder_counts(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    folder = tmp_path / "deep/er"
    folder.mkdir(parents=True)
    git = Git(folder)
    assert not git.busy
    (tmp_path / ".git/index.lock").touch()
    assert git.busy


def test_a_worktrees_lock_is_where_its_file_says(tmp_path: Path) -> None:
    elsewhere = tmp_path / "main/.git/worktrees/one"
    elsewhere.mkdir(parents=True)
    (tmp_path / "one").mkdir()
    (tmp_path / "one/.git").write_text(f"gitdir: {elsewhere}\n")
    (elsewhere / "index.lock").touch()
    assert Git(tmp_path / "one").busy


def test_a_lock_that_a_killed_git_left_does_not_count(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    lock = tmp_path / ".git/index.lock"
    lock.touch()
    os.utime(lock, (time.time() - 3600, time.time() - 3600))
    assert not Git(tmp_path).busy


def test_its_end_is_waited_for(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    lock = tmp_path / ".git/index.lock"
    lock.touch()
    threading.Timer(0.1, lock.unlink).start()
    Git(tmp_path).wait()
    assert not lock.exists()


def test_without_a_repository_nothing_is_waited_for(tmp_path: Path) -> None:
    Git(tmp_path).wait()
    assert not Git(tmp_path).busy
