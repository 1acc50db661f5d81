"""What an index holds: Docker's rules, our own exceptions, odd names, and files that can't be read."""

from __future__ import annotations

import contextlib
import os
import socket
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from devenv.errors import DevenvError, InputError
from devenv.layout.context import Entry, Index, index

from .trees import Tree, files, grow, in_context


def indexed(root: Path, tree: Tree) -> Index:
    grow(root, {"Dockerfile": "FROM scratch\n", **tree})
    return index(root, root / "Dockerfile")


def test_files_folders_and_links(tmp_path: Path) -> None:
    found = indexed(tmp_path, {"src/a.py": "a", "empty/": None, "link": "->src/../nowhere/", "src/loop": "->../src"})
    assert in_context(found) == ["Dockerfile", "empty/", "link", "src/", "src/a.py", "src/loop"]
    assert found.entries["link"].digest == "->src/../nowhere/"
    assert found.entries["src/a.py"].digest == "27c35e6e9373877f29e562464e46497e"
    assert found.entries["empty/"] == Entry(0, 0, 0, 0, (tmp_path / "empty").stat().st_mode, "")


def test_stat_data_is_the_files(tmp_path: Path) -> None:
    seen = indexed(tmp_path, {"a": "abc"}).entries["a"]
    real = (tmp_path / "a").stat()
    assert seen[:5] == (3, real.st_mtime_ns, real.st_ctime_ns, real.st_ino, real.st_mode)


def test_a_large_file_is_read_to_its_end(tmp_path: Path) -> None:
    before = indexed(tmp_path, {"a": b"x" * (3 << 20)}).entries["a"].digest
    assert indexed(tmp_path, {"a": b"x" * (3 << 20) + b"y"}).entries["a"].digest != before


def test_what_is_ignored_is_not_there(tmp_path: Path) -> None:
    tree: Tree = {
        ".dockerignore": "node_modules\n*.md\n!README.md\n",
        "a.md": "",
        "README.md": "",
        "node_modules/x/y": "",
    }
    assert files(indexed(tmp_path, tree)) == [".dockerignore", "Dockerfile", "README.md"]


def test_an_ignored_folder_is_there_if_something_below_it_is(tmp_path: Path) -> None:
    tree: Tree = {".dockerignore": "*\n!a/b/c\n!x/y", "a/b/c": "", "a/b/d": "", "a/e/f": "", "x/z": "", "g/h": ""}
    assert in_context(indexed(tmp_path, tree)) == ["a/", "a/b/", "a/b/c"]


def test_sockets_and_pipes_are_skipped(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as server, contextlib.chdir(tmp_path):
        server.bind("socket")
    assert files(indexed(tmp_path, {})) == ["Dockerfile"]


def test_names_that_are_not_utf8(tmp_path: Path) -> None:
    tree: Tree = {
        "a\udcff": "x",
        os.fsdecode(b"b\xfe/c"): "",
        os.fsdecode(b"l\xff"): os.fsdecode(b"->\xfd"),
    }
    found = indexed(tmp_path, {**tree, ".dockerignore": "b*\n"})
    assert files(found) == [".dockerignore", "Dockerfile", "a\udcff", "l\udcff"]
    assert found.entries["l\udcff"].digest == "->\udcfd"


def test_a_tree_deeper_than_the_interpreter_can_recurse(tmp_path: Path) -> None:
    deep = "d/" * 1100
    grow(tmp_path, {"Dockerfile": ""})
    with contextlib.chdir(tmp_path):
        for _ in range(1100):
            Path("d").mkdir()
            os.chdir("d")
        Path("f").touch()
    try:
        assert f"{deep}f" in index(tmp_path, tmp_path / "Dockerfile").entries
    finally:
        _remove_deep(tmp_path)


def _remove_deep(folder: Path) -> None:
    """shutil.rmtree recurses, and pytest's own tidying with it."""
    with contextlib.chdir(folder):
        depth = 0
        while Path("d").is_dir():
            os.chdir("d")
            depth += 1
        Path("f").unlink()
        for _ in range(depth):
            os.chdir("..")
            Path("d").rmdir()


class TestOurExceptions:
    def test_what_changes_all_the_time_is_left_out(self, tmp_path: Path) -> None:
        passing = ".devenv/x a/.devenv/x .git/HEAD a/.git a/__pycache__/b.txt a.pyc a/b.pyc a~ .a.swp a/.#b"
        kept = ".devenv.toml .gitignore a.py .swp.a a.swp #b 4913 b/4913/c b/x~/c d/.git.d/x e/.env"
        tree = dict.fromkeys([*passing.split(), *kept.split()], "x")
        assert files(indexed(tmp_path, tree)) == sorted([*kept.split(), "Dockerfile"])

    @pytest.mark.parametrize("text", ["!.git", ".git\n!.git/HEAD", "*\n!.git/**"])
    def test_git_is_kept_in_if_it_is_asked_for(self, tmp_path: Path, text: str) -> None:
        assert ".git/HEAD" in indexed(tmp_path, {".dockerignore": text, ".git/HEAD": "", ".git/x": ""}).entries

    def test_then_dockers_rules_hold_for_it(self, tmp_path: Path) -> None:
        tree: Tree = {".dockerignore": "*\n!.git/HEAD", ".git/HEAD": "", ".git/x": "", "a/.git": ""}
        assert in_context(indexed(tmp_path, tree)) == [".git/", ".git/HEAD"]

    def test_a_virtual_environment_is_not_special(self, tmp_path: Path) -> None:
        assert ".venv/x" in indexed(tmp_path, {".venv/x": "", "node_modules/y": ""}).entries


class TestWhatTheBuilderReads:
    def test_it_is_there_although_ignored(self, tmp_path: Path) -> None:
        found = indexed(tmp_path, {".dockerignore": "*", "a": ""})
        assert sorted(found.entries) == ["//.dockerignore", "//Dockerfile"]

    def test_it_may_lie_outside(self, tmp_path: Path) -> None:
        grow(tmp_path, {"docker/app": "FROM a", "docker/app.dockerignore": "x", "context/x": "", "context/y": ""})
        found = index(tmp_path / "context", tmp_path / "docker" / "app")
        assert sorted(found.entries) == ["//../docker/app", "//../docker/app.dockerignore", "y"]

    def test_a_context_above_by_a_relative_path(self, tmp_path: Path) -> None:
        grow(tmp_path, {"lib/a": "", "app/Dockerfile": "", "app/.devenv/x": ""})
        with contextlib.chdir(tmp_path / "app"):
            found = index(Path(".."), Path("..") / "app" / "Dockerfile")
        assert sorted(found.entries) == ["//app/Dockerfile", "app/", "app/Dockerfile", "lib/", "lib/a"]

    def test_a_dockerfile_that_is_a_link_counts_by_its_content(self, tmp_path: Path) -> None:
        first = indexed(tmp_path, {"real": "FROM a"})
        (tmp_path / "D").symlink_to("real")
        second = index(tmp_path, tmp_path / "D")
        assert second.entries["//D"].digest == first.entries["real"].digest

    def test_no_dockerfile(self, tmp_path: Path) -> None:
        with pytest.raises(DevenvError, match="No such file") as caught:
            index(tmp_path, tmp_path / "Dockerfile")
        assert caught.value.where == str(tmp_path / "Dockerfile")

    def test_a_bad_ignore_file(self, tmp_path: Path) -> None:
        with pytest.raises(InputError) as caught:
            indexed(tmp_path, {".dockerignore": "a\n["})
        assert caught.value.where == f"{tmp_path / '.dockerignore'}:2"


class TestWhatCanNotBeRead:
    @pytest.fixture
    def open_folder(self) -> Iterator[Path]:
        """A folder that every user can enter, which pytest's own are not."""
        with tempfile.TemporaryDirectory() as name:
            Path(name).chmod(0o755)
            yield Path(name)

    @staticmethod
    @contextlib.contextmanager
    def as_nobody() -> Iterator[None]:
        """Root reads everything, so be someone else."""
        root = os.geteuid() == 0
        try:
            if root:
                os.seteuid(65534)
            yield
        finally:
            if root:
                os.seteuid(0)

    def test_a_file_is_named(self, open_folder: Path) -> None:
        grow(open_folder, {"Dockerfile": "", "a/secret": ""})
        (open_folder / "a/secret").chmod(0)
        with self.as_nobody(), pytest.raises(DevenvError, match="Permission denied") as caught:
            index(open_folder, open_folder / "Dockerfile")
        assert caught.value.where == f"{open_folder}/a/secret"
        assert caught.value.hint

    def test_a_folder_is_named(self, open_folder: Path) -> None:
        grow(open_folder, {"Dockerfile": "", "a/data/x": ""})
        (open_folder / "a/data").chmod(0)
        with self.as_nobody(), pytest.raises(DevenvError, match="Permission denied") as caught:
            index(open_folder, open_folder / "Dockerfile")
        assert caught.value.where == f"{open_folder}/a/data/"

    @pytest.mark.parametrize("text", ["data\nsecret", "data\nsecret\n!**/x"])
    def test_what_is_ignored_needn_t_be_readable(self, open_folder: Path, text: str) -> None:
        grow(open_folder, {"Dockerfile": "", ".dockerignore": text, "data/y": "", "secret": "", "b/x": ""})
        (open_folder / "data").chmod(0)
        (open_folder / "secret").chmod(0)
        with self.as_nobody():
            found = index(open_folder, open_folder / "Dockerfile")
        assert files(found) == [".dockerignore", "Dockerfile", "b/x"]

    def test_a_name_that_is_not_utf8_is_shown_in_ascii(self, open_folder: Path) -> None:
        grow(open_folder, {"Dockerfile": "", "a\udcff": ""})
        (open_folder / "a\udcff").chmod(0)
        with self.as_nobody(), pytest.raises(DevenvError) as caught:
            index(open_folder, open_folder / "Dockerfile")
        assert caught.value.where == f"{open_folder}/a\\xff"

    def test_no_context(self, tmp_path: Path) -> None:
        grow(tmp_path, {"Dockerfile": ""})
        with pytest.raises(DevenvError, match="No such file") as caught:
            index(tmp_path / "nowhere", tmp_path / "Dockerfile")
        assert caught.value.where == f"{tmp_path}/nowhere/"

    def test_a_context_that_is_a_file(self, tmp_path: Path) -> None:
        grow(tmp_path, {"Dockerfile": ""})
        with pytest.raises(DevenvError, match="Not a directory"):
            index(tmp_path / "Dockerfile", tmp_path / "Dockerfile")


def test_permissions_are_kept_whole(tmp_path: Path) -> None:
    grow(tmp_path, {"a": ""})
    (tmp_path / "a").chmod(0o4751)
    assert stat.S_IMODE(indexed(tmp_path, {}).entries["a"].mode) == 0o4751
