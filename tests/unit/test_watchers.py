"""One command at a time watches a project; it is known by a kernel lock, and ended by its process."""

from __future__ import annotations

import os
import shutil
import sys
import time
from pathlib import Path

import pytest

from devenv import watchers
from devenv.errors import DevenvError, ProjectBusyError
from devenv.state import State

WATCH = """
import pathlib, sys, threading
from devenv import watchers
from devenv.state import State
sys.argv = ["devenv", "--file=x", "watch"]
with watchers.only_one(State(pathlib.Path(FOLDER)), pathlib.Path.cwd()):
    threading.Event().wait(60)
"""


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State(tmp_path / "state")


def test_nobody_watches_at_first_and_nobody_is_ended(state: State) -> None:
    assert watchers.who(state) is None
    assert not watchers.end(state)


def test_a_second_one_is_refused_and_told_who_is_there(state: State) -> None:
    with watchers.only_one(state, Path.cwd()):
        found = watchers.who(state)
        assert found is not None
        assert found[1] == os.getpid()
        with pytest.raises(ProjectBusyError, match=f"process {os.getpid()}"), watchers.only_one(state, Path.cwd()):
            pass
        assert not watchers.end(state)  # it never ends itself
    assert watchers.who(state) is None


def test_without_its_state_nobody_watches_on_not_even_beside_a_new_one(state: State) -> None:
    with watchers.only_one(state, Path.cwd()) as still:
        still()
        shutil.rmtree(state.folder)
        with pytest.raises(DevenvError, match="state is gone"):
            still()
        with watchers.only_one(state, Path.cwd()) as anew:
            anew()
            with pytest.raises(DevenvError, match="state is gone"):
                still()


def test_a_folder_that_is_gone_is_no_longer_watched_and_one_that_comes_back_is(state: State, tmp_path: Path) -> None:
    root, other = tmp_path / "root", tmp_path / "other"
    root.mkdir()
    with watchers.only_one(state, root) as still:
        root.rename(other)
        still()
        other.rename(root)
        still()
        root.rmdir()
        began = time.monotonic()
        with pytest.raises(DevenvError, match="folder is gone"):  # noqa: PT012 - it is asked again and again
            while time.monotonic() - began < 5:
                still()
        assert time.monotonic() - began < 5


def test_one_in_the_background_is_begun_once_and_ended(state: State) -> None:
    script = WATCH.replace("FOLDER", repr(str(state.folder)))
    found = watchers.begin([sys.executable, "-c", script], state)
    assert found is not None
    assert found == watchers.who(state)
    assert found[0] == "devenv watch"
    assert watchers.begin([sys.executable, "-c", script], state) is None
    assert watchers.end(state)
    assert watchers.who(state) is None


def test_one_that_does_not_begin_says_why(state: State) -> None:
    with pytest.raises(DevenvError, match="it is Monday"):
        watchers.begin([sys.executable, "-c", "raise SystemExit('it is Monday')"], state)
