"""A glance at known files is enough for a save; everything else asks for a look at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from devenv.reload.sight import Sight


@pytest.fixture
def sight(tmp_path: Path) -> Sight:
    (tmp_path / "src/deep").mkdir(parents=True)
    (tmp_path / "node_modules/x").mkdir(parents=True)
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY src /src\n")
    (tmp_path / ".dockerignore").write_text("node_modules\n")
    (tmp_path / "src/a").write_text("1")
    (tmp_path / "src/link").symlink_to("a")
    found = Sight(tmp_path, tmp_path / "Dockerfile")
    found.look()
    return found


def path(sight: Sight, name: str) -> str:
    return str(sight.context / name)


def test_a_known_file_is_seen_at_a_glance(sight: Sight) -> None:
    before = sight.now.entries["src/a"].digest
    (sight.context / "src/a").write_text("2")
    assert sight.glance([path(sight, "src/a")]) == ["src/a"]
    assert sight.now.entries["src/a"].digest != before
    assert "src/a" in sight.now.unsure  # it may change again within the same tick of the clock


def test_what_was_there_for_a_moment_only_is_nothing(sight: Sight) -> None:
    assert sight.glance([path(sight, "src/.a.tmp"), path(sight, "src/a")]) == ["src/a"]
    assert sight.glance([path(sight, "src/gone")]) == []


@pytest.mark.parametrize("name", ["Dockerfile", ".dockerignore", "src/new", "src/link2", "src/folder", "src/deep"])
def test_anything_else_asks_for_a_look_at_all(sight: Sight, name: str) -> None:
    made = sight.context / name
    if name == "src/link2":
        made.symlink_to("a")
    elif name == "src/folder":
        made.mkdir()
    elif name == "src/new":
        made.write_text("new")
    assert sight.glance([path(sight, name)]) is None


def test_a_deleted_file_or_folder_asks_for_a_look_at_all(sight: Sight) -> None:
    (sight.context / "src/a").unlink()
    assert sight.glance([path(sight, "src/a")]) is None
    (sight.context / "src/deep").rmdir()
    assert sight.glance([path(sight, "src/deep")]) is None


def test_other_folders_are_none_of_its_business(sight: Sight) -> None:
    assert sight.glance([str(sight.context.parent / "elsewhere")]) == []


def test_only_folders_that_the_image_uses_are_watched(sight: Sight) -> None:
    names = {str(each.relative_to(sight.context)) for each in sight.folders(["src", "Dockerfile"])}
    assert names == {".", "src", "src/deep"}
    (sight.context / "docs/deep/er").mkdir(parents=True)
    sight.look()
    names = {str(each.relative_to(sight.context)) for each in sight.folders(["docs/deep"])}
    assert names == {".", "docs", "docs/deep", "docs/deep/er"}
    names = {str(each.relative_to(sight.context)) for each in sight.folders(["."])}
    assert names == {".", "src", "src/deep", "docs", "docs/deep", "docs/deep/er"}
