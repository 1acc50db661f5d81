"""What of a repository has to be in an editor's container, where the project is a worktree: real git makes them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from devenv.editor.repository import mounts
from tests.conftest import write_files


def git(*words: str, folder: Path) -> None:
    subprocess.run(["git", "-C", str(folder), *words], check=True, capture_output=True)


@pytest.fixture
def main(tmp_path: Path) -> Path:
    folder = write_files(tmp_path / "main", {"a": "1"})
    git("init", "-q", folder=folder)
    git("add", "-A", folder=folder)
    git("commit", "-qm", "all", folder=folder)
    return folder


@pytest.fixture
def tree(main: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "tree"
    git("worktree", "add", "-q", str(folder), folder=main)
    return folder


def test_a_worktree_gets_its_repository_and_itself_where_the_host_has_them(main: Path, tree: Path) -> None:
    assert mounts(tree, "/app") == [(main / ".git", str(main / ".git")), (tree, str(tree))]


def test_a_relative_way_is_followed_from_where_the_worktree_lies(main: Path, tree: Path) -> None:
    (tree / ".git").write_text("gitdir: ../main/.git/worktrees/tree\n")
    assert mounts(tree, "/srv/app") == [(main / ".git", "/srv/main/.git")]


def test_a_repository_with_its_own_folder_needs_nothing(main: Path) -> None:
    assert mounts(main, "/app") == []


def test_neither_do_a_project_without_git_a_submodule_and_a_broken_worktree(main: Path, tmp_path: Path) -> None:
    plain = write_files(tmp_path / "plain", {"a": "1"})
    assert mounts(plain, "/app") == []
    (main / ".git" / "modules" / "plain").mkdir(parents=True)
    (plain / ".git").write_text("gitdir: ../main/.git/modules/plain\n")
    assert mounts(plain, "/app") == []
    (plain / ".git").write_text("gitdir: /nonexistent/.git/worktrees/plain\n")
    assert mounts(plain, "/app") == []
    (plain / ".git").write_bytes(b"\xff")
    assert mounts(plain, "/app") == []
