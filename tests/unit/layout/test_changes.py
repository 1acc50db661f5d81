"""Comparing indexes: what counts as a change, which files are read again, and what is kept between two runs."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from devenv.layout.context import Entry, Index, changed, digest, index

from .trees import grow

OLD = 1_000_000_000_000_000_000
TREE = {
    "Dockerfile": "FROM a",
    "src/a.py": "aaa",
    "src/b.py": "bbb",
    "run": "#!x",
    "link": "->run",
    "empty/": None,
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return grow(tmp_path / "context", TREE)


def look(root: Path, previous: Index | None = None) -> Index:
    return index(root, root / "Dockerfile", previous)


def settled(root: Path) -> Index:
    """An index without files that changed a moment ago, as if everything here had been written long before."""
    found = look(root)
    return Index(found.entries, found.rules)


def rewrite(path: Path, content: str) -> None:
    """Other content with the same stat data, but for the time of the last change to the inode."""
    before = path.stat()
    path.write_text(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def replaced(path: Path, tree: dict[str, str]) -> None:
    """Something else in the place of a file or link."""
    path.unlink()
    grow(path.parent, tree)


Change = Callable[[Path], object]
CHANGES: dict[str, tuple[Change, list[str]]] = {
    "content": (lambda root: (root / "src/a.py").write_text("other"), ["src/a.py"]),
    "content of the same size and time": (lambda root: rewrite(root / "src/a.py", "AAA"), ["src/a.py"]),
    "a new file": (lambda root: (root / "src/c.py").touch(), ["src/c.py"]),
    "a file less": (lambda root: (root / "run").unlink(), ["run"]),
    "another name": (lambda root: (root / "run").rename(root / "walk"), ["run", "walk"]),
    "the executable bit": (lambda root: (root / "run").chmod(0o755), ["run"]),
    "another permission": (lambda root: (root / "run").chmod(0o600), ["run"]),
    "a folder's permission": (lambda root: (root / "src").chmod(0o700), ["src/"]),
    "a new empty folder": (lambda root: (root / "new").mkdir(), ["new/"]),
    "a new folder with a file": (lambda root: grow(root, {"new/er/x": ""}), ["new/er/x"]),
    "a folder less": (lambda root: shutil.rmtree(root / "src"), ["src/a.py", "src/b.py"]),
    "a link's target": (lambda root: replaced(root / "link", {"link": "->src"}), ["link"]),
    "a file instead of a link": (lambda root: replaced(root / "link", {"link": ""}), ["link"]),
    "a folder instead of a file": (lambda root: replaced(root / "run", {"run/": ""}), ["run", "run/"]),
    "the Dockerfile": (lambda root: (root / "Dockerfile").write_text("FROM b"), ["Dockerfile"]),
    "an ignore file": (lambda root: grow(root, {".dockerignore": "run\n.dock*"}), [".dockerignore", "run"]),
}


@pytest.mark.parametrize(("change", "expected"), [pytest.param(*case, id=name) for name, case in CHANGES.items()])
def test_what_is_a_change(root: Path, change: Change, expected: list[str]) -> None:
    before = settled(root)
    change(root)
    after = look(root, before)
    assert changed(before, after) == expected
    assert changed(after, before) == expected
    assert digest(before) != digest(after)
    assert {path: entry for path, entry in look(root).entries.items() if entry != after.entries.get(path)} == {}


NO_CHANGES: dict[str, Change] = {
    "nothing": lambda root: None,
    "another time": lambda root: os.utime(root / "run"),
    "the same content again": lambda root: (root / "run").write_text("#!x"),
    "another inode": lambda root: Path(shutil.copy(root / "run", root / "new")).replace(root / "run"),
    "a folder's time": lambda root: os.utime(root / "src"),
    "bytecode": lambda root: grow(root, {"src/__pycache__/a.pyc": "", ".git/index": "", ".devenv/x": ""}),
}


@pytest.mark.parametrize("change", [pytest.param(change, id=name) for name, change in NO_CHANGES.items()])
def test_what_is_none(root: Path, change: Change) -> None:
    before = settled(root)
    change(root)
    after = look(root, before)
    assert changed(before, after) == []
    assert digest(before) == digest(after)


def test_another_dockerfile_of_the_context_is_a_change(root: Path) -> None:
    before = look(root)
    grow(root, {"other": "FROM a"})
    first, second = look(root), index(root, root / "other")
    assert changed(before, first) == ["other"]
    assert changed(first, second) == ["Dockerfile", "other"]
    assert digest(first) != digest(second)


def test_the_digest_is_of_the_content_and_not_of_the_place(root: Path, tmp_path: Path) -> None:
    copy = grow(tmp_path / "elsewhere" / "copy", dict(reversed(list(TREE.items()))))
    for path in copy.rglob("*"):
        os.utime(path, ns=(OLD, OLD), follow_symlinks=False)
    assert digest(look(copy)) == digest(look(root))
    assert changed(look(copy), look(root)) == []


def test_the_digest_knows_no_order() -> None:
    one, two = (Entry(0, 0, 0, 0, 0o100644, text) for text in "xy")
    assert digest(Index({"a": one, "b": two})) == digest(Index({"b": two, "a": one}))
    assert digest(Index({"a": one, "b": two})) != digest(Index({"a": two, "b": one}))


def test_the_digest_tells_a_name_from_content(tmp_path: Path) -> None:
    entry = Entry(0, 0, 0, 0, 0o100644, "x")
    assert digest(Index({"a": entry, "b": entry})) != digest(Index({"a": entry._replace(digest="x\0b")}))


class TestReading:
    """A test can't see what is read; but content that was never on the disk can only come from the index before."""

    @staticmethod
    def forged(before: Index, **unsure: bool) -> Index:
        entries = {path: entry._replace(digest="ff" * 16) for path, entry in before.entries.items()}
        return Index(entries, before.rules, frozenset(path for path, yes in unsure.items() if yes))

    def test_a_file_with_the_same_stat_data_is_not_read(self, root: Path) -> None:
        before = self.forged(settled(root))
        after = look(root, before)
        assert after.entries["src/a.py"] is before.entries["src/a.py"]

    def test_but_an_unsure_one_is(self, root: Path) -> None:
        before = self.forged(settled(root), run=True)
        assert look(root, before).entries["run"] == settled(root).entries["run"]

    @pytest.mark.parametrize("field", ["size", "mtime_ns", "ctime_ns", "inode", "mode"])
    def test_each_part_of_the_stat_data_counts(self, root: Path, field: str) -> None:
        before = self.forged(settled(root))
        entry = before.entries["run"]
        other = entry._replace(**{field: getattr(entry, field) + 1})
        after = look(root, Index({**before.entries, "run": other}, before.rules))
        assert after.entries["run"] == settled(root).entries["run"]

    def test_other_rules_need_no_reading(self, root: Path) -> None:
        before = self.forged(settled(root))
        grow(root, {".dockerignore": "src/b.py"})
        after = look(root, before)
        assert after.entries["src/a.py"] is before.entries["src/a.py"]
        assert "src/b.py" not in after.entries

    def test_a_file_that_changed_just_now_is_unsure(self, root: Path) -> None:
        replaced(root / "run", {"run": ""})
        replaced(root / "link", {"link": "->x"})
        assert look(root).unsure >= {"run", "link"}

    def test_an_old_time_does_not_help_if_it_was_set_just_now(self, root: Path) -> None:
        os.utime(root / "run", ns=(OLD, OLD))
        assert "run" in look(root).unsure

    def test_after_two_seconds_a_file_is_sure(self, root: Path) -> None:
        before = look(root)
        time.sleep(2.05)
        grow(root, {"new": ""})
        after = look(root, before)
        assert after.unsure == {"new"}
        assert changed(before, after) == ["new"]

    def test_a_time_in_the_future_never_is(self, root: Path) -> None:
        os.utime(root / "run", ns=(OLD, time.time_ns() + 10**15))
        first = look(root)
        assert "run" in look(root, first).unsure

    def test_a_quick_second_write_is_seen(self, root: Path) -> None:
        """What the rule is for: same size, and stat data that looks the same on a file system with coarse times."""
        before = look(root)
        (root / "run").write_text("#!y")
        seen = (root / "run").stat()
        stale = before.entries["run"]._replace(mtime_ns=seen.st_mtime_ns, ctime_ns=seen.st_ctime_ns)
        after = look(root, Index({**before.entries, "run": stale}, before.rules, before.unsure))
        assert changed(before, after) == ["run"]

    def test_nothing_new_gives_the_index_itself(self, root: Path) -> None:
        time.sleep(2.05)
        before = look(root)
        assert before.unsure == frozenset()
        assert look(root, before) is before


class TestKeeping:
    def test_through_json_and_back(self, root: Path) -> None:
        grow(
            root,
            {os.fsdecode(b"a\xff"): "", "b\nc": "", "é 👩": "", ".dockerignore": "", "l": os.fsdecode(b"->\xff \n")},
        )
        before = look(root)
        text = json.dumps(before.to_json(), indent=1).encode()
        after = Index.from_json(json.loads(text))
        assert after == before
        assert list(after.entries) == list(before.entries)
        assert look(root, after).entries == before.entries
        assert digest(after) == digest(before)

    def test_an_empty_one(self) -> None:
        assert Index.from_json(Index({}).to_json()) == Index({})

    def test_one_folder(self) -> None:
        one = Index({"a/": Entry(0, 0, 0, 0, 0o40755, "")}, "x", frozenset({"a"}))
        assert Index.from_json(one.to_json()) == one

    @pytest.mark.parametrize(
        "damage",
        [
            {"version": 0},
            {"paths": "a"},
            {"digests": "a"},
            {"numbers": []},
            {"numbers": [""] * 5},
            {"numbers": ["x"] * 5},
            {"paths": None},
            {"unsure": None},
        ],
    )
    def test_damage_is_an_error(self, root: Path, damage: dict[str, object]) -> None:
        value = {**look(root).to_json(), **damage}
        with pytest.raises((ValueError, TypeError)):
            Index.from_json(value)

    @pytest.mark.parametrize("value", [None, [], "x", {}, {"version": 1}])
    def test_something_else_is_an_error(self, value: object) -> None:
        with pytest.raises((ValueError, TypeError, KeyError)):
            Index.from_json(value)
