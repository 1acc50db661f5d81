"""The store by itself: what is pruned, and what a mail that can't be stored leaves behind."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from devenv.mail.message import Mail
from devenv.mail.store import Store

from .mails import simple


class Told(list[tuple[str, object]]):
    """What a store told."""

    def __call__(self, kind: str, data: object) -> None:
        self.append((kind, data))


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def store(tmp_path: Path, told: Told) -> Iterator[Store]:
    made = Store(tmp_path / "mail.db", told)
    yield made
    made.close()


def add(store: Store, subject: str, *, age: int = 0, tags: tuple[str, ...] = ()) -> str:
    created = datetime.now(UTC) - timedelta(hours=age)
    return store.add(Mail(simple(subject).encode()), created=created, tags=tags)


def subjects(store: Store) -> list[str]:
    return [mail.subject for mail in store.find()]


def test_the_oldest_are_pruned_with_their_source_and_their_tags(store: Store, told: Told) -> None:
    old = add(store, "old", age=3, tags=("gone", "kept"))
    add(store, "middle", age=2, tags=("kept",))
    add(store, "new")
    told.clear()
    store.prune(keep=2)
    assert subjects(store) == ["new", "middle"]
    assert store.raw(old) is None
    assert store.tags.every() == {"kept": 1}
    assert store.deleted == 1
    assert ("prune", None) in told


def test_by_age_and_by_number(store: Store) -> None:
    for age in range(5):
        add(store, f"of {age} hours", age=age)
    store.prune(keep=0, hours=0)
    assert len(subjects(store)) == 5
    store.prune(keep=4, hours=2)
    assert subjects(store) == ["of 0 hours", "of 1 hours"]


def test_nothing_to_prune_is_not_told(store: Store, told: Told) -> None:
    add(store, "only")
    told.clear()
    store.prune(keep=500, hours=1)
    assert told == []


def test_what_can_not_be_stored_leaves_nothing(store: Store, told: Told) -> None:
    class Unreadable(Mail):
        raw = memoryview(b"no bytes")[::2]  # type: ignore[assignment]

        def __init__(self) -> None:
            self.tree = Mail(simple("bad").encode()).tree

    with pytest.raises((sqlite3.Error, BufferError, ValueError, TypeError)):
        store.add(Unreadable())
    assert subjects(store) == []
    assert told == []
    assert add(store, "good")
    assert subjects(store) == ["good"]


def test_many_deletions_are_told_as_one(store: Store, told: Told) -> None:
    made = [add(store, f"n{number}") for number in range(201)]
    told.clear()
    store.delete(made)
    assert [kind for kind, _ in told if kind != "stats"] == ["prune"]
