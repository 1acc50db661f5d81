"""An editor's probe is waited for until it is gone; a file of that name that stays is not held up for long."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from devenv.layout import probe
from devenv.layout.context import index
from tests.unit.layout.trees import files, grow


@pytest.mark.parametrize("name", ["4913", "5036", "5159"])
def test_the_names_that_vim_tries(name: str) -> None:
    assert probe.has_name(name)


@pytest.mark.parametrize("name", ["4912", "4914", "123", "04913", "4913.py", "a", "", "-4913", "٤٩١٣"])
def test_other_names(name: str) -> None:
    assert not probe.has_name(name)


def test_a_probe_is_gone_when_the_waiting_ends(tmp_path: Path) -> None:
    path = tmp_path / "4913"
    path.touch()
    threading.Timer(0.02, path.unlink).start()
    probe.wait([str(path)])
    assert not path.exists()


def test_what_stays_is_waited_for_once_however_many_there_are(tmp_path: Path) -> None:
    paths = [tmp_path / str(4913 + 123 * number) for number in range(50)]
    for path in paths:
        path.touch()
    began = time.monotonic()
    probe.wait(map(str, paths))
    assert time.monotonic() - began < 1


def test_it_is_not_in_the_context_until_it_has_stayed_for_a_while(tmp_path: Path) -> None:
    grow(tmp_path, {"Dockerfile": "", "5036": "with content"})
    (tmp_path / "4913").touch()
    seen = index(tmp_path, tmp_path / "Dockerfile")
    assert files(seen) == ["5036", "Dockerfile"]
    probe.wait([str(tmp_path / "4913")])
    assert files(index(tmp_path, tmp_path / "Dockerfile", seen)) == ["4913", "5036", "Dockerfile"]


@pytest.mark.parametrize("content", ["", "x"])
def test_nothing_else_is_waited_for(tmp_path: Path, content: str) -> None:
    (tmp_path / "other").write_text(content)
    (tmp_path / "4913").write_text("x")
    began = time.monotonic()
    probe.wait([str(tmp_path / "other"), str(tmp_path / "4913"), str(tmp_path / "5036")])
    assert time.monotonic() - began < 0.05
