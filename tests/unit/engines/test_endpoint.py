"""Which engine is spoken to: the docker CLI's own rules, from a `.docker` folder of the test's making."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from devenv.engines.compose.endpoint import DEFAULT, Endpoint, find
from devenv.errors import EngineUnavailableError
from tests.conftest import write_files

MINE = Endpoint("unix:///run/mine.sock", "the docker context `mine`", "mine")
DESK = Endpoint("ssh://desk", "the docker context `desk`", "desk")


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home's `.docker` with two contexts; the environment says nothing."""
    monkeypatch.delenv("DOCKER_HOST")
    folder = Path.home() / ".docker"
    for context in (MINE, DESK):
        digest = hashlib.sha256(str(context.context).encode()).hexdigest()
        meta = {"Name": context.context, "Endpoints": {"docker": {"Host": context.url}}}
        write_files(folder, {f"contexts/meta/{digest}/meta.json": json.dumps(meta)})
    return folder


def choose(folder: Path, content: object) -> None:
    write_files(folder, {"config.json": content if isinstance(content, str) else json.dumps(content)})


def test_without_a_word_it_is_the_default_socket(folder: Path) -> None:
    assert find() == Endpoint(DEFAULT, "the default")


def test_the_chosen_context_counts(folder: Path) -> None:
    choose(folder, {"currentContext": "mine"})
    assert find() == MINE


def test_a_context_in_the_environment_wins_over_the_chosen_one(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    choose(folder, {"currentContext": "mine"})
    monkeypatch.setenv("DOCKER_CONTEXT", "desk")
    assert find() == DESK


def test_the_default_context_can_be_named_too(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    choose(folder, {"currentContext": "mine"})
    monkeypatch.setenv("DOCKER_CONTEXT", "default")
    assert find() == Endpoint(DEFAULT, "the default")


def test_docker_host_wins_over_every_context(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    choose(folder, {"currentContext": "mine"})
    monkeypatch.setenv("DOCKER_CONTEXT", "desk")
    monkeypatch.setenv("DOCKER_HOST", "tcp://10.0.0.1:2376")
    assert find() == Endpoint("tcp://10.0.0.1:2376", "DOCKER_HOST")


@pytest.mark.parametrize("name", ["DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG"])
def test_an_empty_variable_counts_as_none(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    choose(folder, {"currentContext": "mine"})
    monkeypatch.setenv(name, "")
    assert find() == MINE


def test_another_folder_of_settings_counts(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    choose(folder, {"currentContext": "mine"})
    folder.rename(tmp_path / "settings")
    assert find() == Endpoint(DEFAULT, "the default")
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "settings"))
    assert find() == MINE


@pytest.mark.parametrize("content", ["", "{", "[]", '{"currentContext": 1}', '{"currentContext": ""}'])
def test_settings_that_say_nothing_are_none(content: str, folder: Path) -> None:
    choose(folder, content)
    assert find() == Endpoint(DEFAULT, "the default")


def test_a_context_that_is_gone_is_not_replaced_by_another_engine(folder: Path) -> None:
    choose(folder, {"currentContext": "gone"})
    with pytest.raises(EngineUnavailableError, match="the docker context `gone` is not there"):
        find()


@pytest.mark.parametrize(
    ("url", "socket"),
    [("unix:///a/b.sock", "/a/b.sock"), ("tcp://h:1", None), ("ssh://h", None), ("npipe:////./x", None)],
)
def test_only_a_local_socket_has_a_path(url: str, socket: str | None) -> None:
    assert Endpoint(url, "x").socket == socket
