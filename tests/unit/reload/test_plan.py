"""What changes ask for: sync only if every change can be sent, and a failed build is not tried again for nothing."""

from __future__ import annotations

import stat
from collections.abc import Set
from dataclasses import dataclass

import pytest

from devenv.layout.ruling import Change as How
from devenv.layout.ruling import Landing, Ruling, Verdict
from devenv.reload.difference import Change, Content
from devenv.reload.plan import Action, plan, rule_of, told

FILE = stat.S_IFREG | 0o644


@dataclass
class Fixed:
    """Rules that a test can read: `src/` syncs, `lock` rebuilds, all else is not in the image."""

    reloading: str = ""
    inputs: Set[str] = frozenset()

    def rule(self, path: str, change: How | None = None) -> Ruling:
        if path.startswith("src"):
            return Ruling(path, Verdict.SYNC, (Landing(f"/app/{path}"),), 3, "COPY src/ src/", "copied")
        if path == "lock":
            return Ruling(path, Verdict.REBUILD, (), 2, "RUN install", f"line 2 reads it ({change})")
        return Ruling(path, Verdict.ABSENT, (), 0, "", "no line copies it")

    def roots(self) -> list[str]:
        return ["src", "lock"]


def edit(path: str, digest: str = "2") -> Change:
    return Change(path, Content(FILE, "1"), Content(FILE, digest))


@pytest.mark.parametrize(
    ("paths", "action"),
    [
        ([], Action.NOTHING),
        (["README"], Action.NOTHING),
        (["src/a"], Action.SYNC),
        (["src/a", "README"], Action.SYNC),
        (["src/a", "lock"], Action.REBUILD),
        (["//Dockerfile"], Action.REBUILD),
        (["//.dockerignore"], Action.REBUILD),
    ],
)
def test_one_change_that_is_built_in_decides(paths: list[str], action: Action) -> None:
    assert plan([edit(path) for path in paths], Fixed()).action is action


def test_what_is_sent_is_what_lands_and_the_rule_is_the_line() -> None:
    reaction = plan([edit("README"), edit("src/b"), edit("src/a")], Fixed())
    assert {each.change.path for each in reaction.sync} == {"src/a", "src/b"}
    assert reaction.rule == "Dockerfile:3 COPY src/ src/"


def test_the_layout_is_told_what_happened() -> None:
    new = Change("lock", None, Content(FILE, "1"))
    gone = Change("lock", Content(FILE, "1"), None)
    assert [plan([each], Fixed()).reason for each in (new, edit("lock"), gone)] == [
        f"line 2 reads it ({how})" for how in (How.ADD, How.EDIT, How.DELETE)
    ]


def test_a_build_that_failed_is_not_tried_again_until_its_cause_changes() -> None:
    first = plan([edit("lock"), edit("src/a")], Fixed())
    again = plan([edit("lock"), edit("src/a", "3")], Fixed(), refused=first.cause)
    assert again.action is Action.SYNC
    assert [each.change.path for each in again.sync] == ["src/a"]
    assert plan([edit("lock", "3")], Fixed(), refused=first.cause).action is Action.REBUILD


def test_people_hear_the_first_paths_and_what_happened_to_them() -> None:
    changes = [edit("src/a"), Change("src/b", Content(FILE, "1"), None), edit("src/c"), edit("src/d")]
    assert told(plan(changes, Fixed()).causes) == "src/a, src/b (deleted) and 2 more"
    mode = Change("src/x", Content(FILE, "1"), Content(FILE | 0o111, "1"))
    assert told(plan([mode], Fixed()).causes, mark="`") == "`src/x` (mode)"


def test_without_a_line_the_reason_stands_for_the_rule() -> None:
    assert rule_of(Fixed().rule("README")) == "no line copies it"
