"""Which file is the manifest."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from devenv.errors import InputError
from devenv.manifest.find import display, find_manifest


def test_the_nearest_one_wins(tmp_path: Path) -> None:
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    (tmp_path / "devenv.toml").touch()
    assert find_manifest(deep) == tmp_path / "devenv.toml"
    (tmp_path / "a" / "devenv.toml").touch()
    assert find_manifest(deep) == tmp_path / "a" / "devenv.toml"


def test_a_folder_behind_a_link_is_searched_where_it_really_is(tmp_path: Path) -> None:
    (tmp_path / "real" / "sub").mkdir(parents=True)
    (tmp_path / "real" / "devenv.toml").touch()
    (tmp_path / "link").symlink_to(tmp_path / "real" / "sub")
    assert find_manifest(tmp_path / "link") == tmp_path / "real" / "devenv.toml"


def test_a_named_file_is_relative_to_the_start(tmp_path: Path) -> None:
    (tmp_path / "other.toml").touch()
    assert find_manifest(tmp_path, Path("other.toml")) == tmp_path / "other.toml"
    assert find_manifest(Path("/"), tmp_path / "other.toml") == tmp_path / "other.toml"


def test_none_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        find_manifest(tmp_path)
    assert caught.value.message == f"no devenv.toml in `{display(tmp_path)}` or any parent folder"
    assert caught.value.hint == "write one (the README shows how), or name a file with -f FILE"
    assert caught.value.exit_code == 2
    (tmp_path / "devenv.toml.example").touch()
    with pytest.raises(InputError) as caught:
        find_manifest(tmp_path)
    assert caught.value.hint == "begin with a copy: cp devenv.toml.example devenv.toml"


def test_what_is_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "devenv.toml").touch()
    (tmp_path / "odd" / "devenv.toml").mkdir(parents=True)
    cases: list[tuple[Path, Path | None, str, str | None]] = [
        (
            tmp_path,
            Path("project"),
            "`project` is a folder, not a manifest",
            "name the file in it: -f project/devenv.toml",
        ),
        (tmp_path, Path("odd"), "`odd` is a folder, not a manifest", "name the file in it: -f odd/devenv.toml"),
        (tmp_path / "odd", None, "`odd/devenv.toml` is a folder, not a manifest", None),
        (tmp_path, Path("typo.toml"), "there is no file `typo.toml`", None),
        (tmp_path, Path("project/devenv.toml/x"), "there is no file `project/devenv.toml/x`", None),
        (tmp_path, Path("a\0b"), "there is no file `a\\x00b`", None),
        (tmp_path / "missing", None, "`missing` is not a folder", None),
        (tmp_path / "project" / "devenv.toml", None, "`project/devenv.toml` is not a folder", None),
        (tmp_path / "nul\0", None, "`nul\\x00` is not a folder", None),
    ]
    for start, file, message, hint in cases:
        with pytest.raises(InputError) as caught:
            find_manifest(start, file)
        assert (caught.value.message, caught.value.hint) == (message, hint)


def test_a_loop_of_links_is_not_a_folder(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(InputError, match="is not a folder"):
        find_manifest(tmp_path / "loop")


def test_a_broken_link_is_found_so_that_reading_can_say_so(tmp_path: Path) -> None:
    (tmp_path / "devenv.toml").symlink_to("gone")
    assert find_manifest(tmp_path) == tmp_path / "devenv.toml"


def test_display_is_short_inside_the_working_directory_and_always_printable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "in").mkdir()
    monkeypatch.chdir(tmp_path / "in")
    assert display(tmp_path / "in" / "x" / "devenv.toml") == "x/devenv.toml"
    assert display(tmp_path / "devenv.toml") == f"{tmp_path}/devenv.toml"
    assert display(tmp_path / "in" / "a\nb\x1b[1m") == "a\\nb\\x1b[1m"
    assert display(Path(os.fsdecode(b"caf\xe9"))) == "caf\\xe9"


def test_display_without_a_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert display(tmp_path / "devenv.toml") == f"{tmp_path}/devenv.toml"
