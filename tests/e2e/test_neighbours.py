"""A project is its real path: folders of one name, a worktree and a symbolic link never touch what is not theirs."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.command_line import Cli
from tests.conftest import MakeProject, write_files
from tests.e2e.clients import addresses, redis_at
from tests.e2e.conftest import Up
from tests.e2e.engine import all_containers, containers, networks, published, running, starts, volumes
from tests.e2e.manifests import REDIS, worker

pytestmark = pytest.mark.engine

MANIFEST = worker() + REDIS


def mark(cli: Cli, root: Path, value: str) -> None:
    """Leave a value in the project's redis."""
    with redis_at(addresses(cli, root)) as client:
        client.set("mark", value)


def marked(cli: Cli, root: Path) -> str | None:
    """The value in the project's redis."""
    with redis_at(addresses(cli, root)) as client:
        value = client.get("mark")
    return None if value is None else str(value)


def everything(root: Path) -> tuple[object, ...]:
    """All that the engine has of a project."""
    return starts(root), volumes(root), networks(root)


@pytest.fixture
def two(tmp_path: Path, up: Up, cli: Cli) -> tuple[Path, Path]:
    """Two folders of one name, both up, with different data."""
    roots = (tmp_path / "one/shop", tmp_path / "two/shop")
    for root in roots:
        up(write_files(root, {"devenv.toml": MANIFEST}))
        mark(cli, root, str(root))
    return roots


@pytest.mark.parametrize(
    "words", [("up", "-d"), ("restart",), ("down",), ("destroy", "--yes"), ("destroy", "redis", "--yes")]
)
def test_two_folders_of_one_name_are_two_environments(two: tuple[Path, Path], cli: Cli, words: tuple[str, ...]) -> None:
    one, other = two
    assert published(containers(one)["redis"]) != published(containers(other)["redis"])
    assert addresses(cli, one)["REDIS_PASSWORD"] != addresses(cli, other)["REDIS_PASSWORD"]
    before = everything(other)
    result = cli(*words, cwd=one)
    assert result.code == 0, result.err
    assert everything(other) == before
    assert marked(cli, other) == str(other)


def test_a_symbolic_link_leads_to_the_same_environment(tmp_path: Path, project: MakeProject, up: Up, cli: Cli) -> None:
    root = project({"devenv.toml": MANIFEST})
    up(root)
    mark(cli, root, "here")
    before = everything(root)
    link = tmp_path / "link"
    link.symlink_to(root)
    up(link)
    assert everything(root) == before
    assert marked(cli, link) == "here"
    assert cli("down", cwd=link).code == 0
    assert all_containers(root) == []


def test_a_git_worktree_is_an_environment_of_its_own(tmp_path: Path, project: MakeProject, up: Up, cli: Cli) -> None:
    root = project({"devenv.toml": MANIFEST})
    tree = tmp_path / "trees/shop"
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "x"], ["worktree", "add", "-q", str(tree)]):
        subprocess.run(["git", *words], cwd=root, check=True, timeout=60)
    up(root)
    up(tree)
    mark(cli, root, "main")
    mark(cli, tree, "tree")
    before = everything(root)
    assert cli("destroy", "--yes", cwd=tree).code == 0
    assert everything(root) == before
    assert marked(cli, root) == "main"
    assert (all_containers(tree), volumes(tree)) == ([], [])


def test_a_copied_folder_takes_nothing_over_from_the_first(project: MakeProject, up: Up, cli: Cli) -> None:
    """`.devenv` is copied along, and must not lead back to the folder that it was made for."""
    root = project({"devenv.toml": MANIFEST})
    up(root)
    mark(cli, root, "first")
    copy = root.with_name("copy")
    shutil.copytree(root, copy)
    before = everything(root)
    up(copy)
    assert marked(cli, copy) is None
    assert cli("destroy", "--yes", cwd=copy).code == 0
    assert everything(root) == before


def test_another_manifest_in_the_same_folder_is_a_project_of_its_own(project: MakeProject, up: Up, cli: Cli) -> None:
    root = project({"devenv.toml": MANIFEST, "test.toml": REDIS})
    up(root)
    first = {item["Id"] for item in all_containers(root)}
    assert cli("-f", "test.toml", "up", "-d", cwd=root).code == 0
    every = {item["Id"]: item["Config"]["Labels"]["devenv.project"] for item in all_containers(root)}
    assert first < set(every)
    assert len(set(every.values())) == 2
    result = cli("-f", "test.toml", "destroy", "--yes", cwd=root)
    assert result.code == 0, result.err
    assert {item["Id"] for item in all_containers(root)} == first
    assert running(root) == {"worker", "redis"}
