"""What a container holds is kept across commands, and in doubt where a transfer was cut off."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from devenv.engines.compose.holdings import Holdings
from devenv.layout.fingerprint import Entry, Index
from devenv.reload.difference import UNKNOWN, Content
from devenv.state import State

FILE = stat.S_IFREG | 0o644
BASE = Index({"a": Entry(1, 1, 1, 1, FILE, "1"), "b": Entry(1, 1, 1, 1, FILE, "1")})
NEW = Content(FILE, "2")


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State(tmp_path / "state")


def test_a_new_container_holds_what_its_image_was_built_from(state: State) -> None:
    held = Holdings(state).of("c1", BASE)
    assert held.get("a") == Content(FILE, "1")
    assert held.get("c") is None


def test_what_arrived_is_known_to_the_next_command(state: State) -> None:
    first = Holdings(state)
    first.of("c1", BASE)
    sent = {"a": NEW, "b": None, "ünï\udcff": NEW}
    first.begin("c1", sent)
    first.done("c1", sent)
    for holdings in (first, Holdings(state)):
        held = holdings.of("c1", BASE)
        assert {path: held.get(path) for path in sent} == sent
    assert Holdings(state).of("c2", BASE).get("a") == Content(FILE, "1")


def test_what_was_cut_off_is_in_doubt(state: State) -> None:
    first = Holdings(state)
    first.begin("c1", {"a": NEW})
    assert Holdings(state).of("c1", BASE).get("a") == UNKNOWN
    assert Holdings(state).of("c1", BASE).get("b") == Content(FILE, "1")


def test_what_another_command_sent_meanwhile_is_seen(state: State) -> None:
    mine, other = Holdings(state), Holdings(state)
    mine.of("c1", BASE)
    other.begin("c1", {"a": NEW})
    other.done("c1", {"a": NEW})
    assert mine.of("c1", BASE).get("a") == NEW


def test_a_line_that_was_cut_off_by_a_full_disk_does_no_harm(state: State) -> None:
    first = Holdings(state)
    first.begin("c1", {"a": NEW})
    state.append("held-c1.jsonl", '{"done": {"a": [33')
    assert Holdings(state).of("c1", BASE).get("a") == UNKNOWN


def test_many_notes_are_drawn_together(state: State) -> None:
    first = Holdings(state)
    many = {f"file-{number}": NEW for number in range(30_000)}
    first.begin("c1", many)
    first.done("c1", many)
    first.begin("c1", {"doubtful": NEW})
    before = (state.folder / "held-c1.jsonl").stat().st_size
    again = Holdings(state).of("c1", BASE)
    assert again.get("doubtful") == UNKNOWN
    assert (state.folder / "held-c1.jsonl").stat().st_size < before
    assert Holdings(state).of("c1", BASE).later == again.later


def test_records_of_containers_that_are_gone_go_too(state: State) -> None:
    holdings = Holdings(state)
    for name in ("c1", "c2"):
        holdings.begin(name, {"a": NEW})
    holdings.forget_others(["c2"])
    assert [path.name for path in state.folder.glob("held-*")] == ["held-c2.jsonl"]
