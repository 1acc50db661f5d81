"""What a container lacks, from what it holds and what is there: values only."""

from __future__ import annotations

import stat

from devenv.layout.fingerprint import Entry
from devenv.reload.difference import UNKNOWN, Change, Content, Held, differences, outermost


def file(digest: str, mode: int = 0o644, *, time: int = 1) -> Entry:
    return Entry(1, time, time, 1, stat.S_IFREG | mode, digest)


FOLDER = Entry(0, 0, 0, 0, stat.S_IFDIR | 0o755, "")


def kinds(changes: list[Change]) -> dict[str, str]:
    return {change.path: change.kind for change in changes}


def test_nothing_differs_where_only_times_do() -> None:
    assert differences(Held({"a": file("x")}), {"a": file("x", time=2)}) == []


def test_each_kind_of_change_is_told_apart() -> None:
    before = {"same": file("s"), "edited": file("1"), "mode": file("m"), "gone": file("g"), "f/": FOLDER}
    now = {"same": file("s"), "edited": file("2"), "mode": file("m", 0o755), "new": file("n"), "g/": FOLDER}
    assert kinds(differences(Held(before), now)) == {
        "edited": "changed",
        "mode": "mode",
        "gone": "deleted",
        "new": "new",
        "f/": "deleted",
        "g/": "new",
    }


def test_what_was_sent_counts_over_what_the_image_had() -> None:
    base = {"a": file("1"), "b": file("1")}
    held = Held(base)
    held.note({"a": Content(file("2").mode, "2"), "b": None, "c": Content(file("3").mode, "3")})
    assert kinds(differences(held, base)) == {"a": "changed", "b": "new", "c": "deleted"}
    now = {"a": file("2"), "c": file("3")}
    assert differences(held, now) == []


def test_what_was_cut_off_differs_from_everything() -> None:
    base = {"a": file("1")}
    held = Held(base, {"a": UNKNOWN, "b": UNKNOWN})
    assert kinds(differences(held, base)) == {"a": "changed", "b": "deleted"}


def test_only_named_paths_are_compared() -> None:
    assert kinds(differences(Held({}), {"a": file("1"), "b": file("2")}, ["b"])) == {"b": "new"}


def test_a_folder_counts_for_people_only_if_nothing_in_it_does() -> None:
    now = {"a/": FOLDER, "a/b/": FOLDER, "a/b/c": file("1"), "empty/": FOLDER}
    assert [change.path for change in outermost(differences(Held({}), now))] == ["a/b/c", "empty/"]
