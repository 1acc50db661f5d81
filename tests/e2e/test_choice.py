"""Which project, which manifest, which services; and what works when the manifest broke meanwhile."""

from __future__ import annotations

import pytest

from tests.command_line import Cli
from tests.conftest import MakeProject
from tests.e2e.conftest import Up
from tests.e2e.engine import all_containers, running, starts, volumes
from tests.e2e.manifests import REDIS, worker

pytestmark = pytest.mark.engine

PARTS = (
    worker("one", more='needs = ["redis"]')
    + worker("two", more="needs = []")
    + worker("extra", more='profile = "more"\nneeds = ["redis"]')
    + REDIS
    + '[sidecars.cache]\nrecipe = "valkey"\nprofile = "more"\n'
)


def test_a_service_is_started_with_what_it_needs_and_nothing_else(project: MakeProject, up: Up) -> None:
    root = project({"devenv.toml": PARTS})
    up(root, "one")
    assert running(root) == {"one", "redis"}
    before = starts(root)
    up(root, "two")
    assert running(root) == {"one", "two", "redis"}
    assert {name: starts(root)[name] for name in before} == before


def test_optional_parts_start_when_asked_for_and_stay_until_down(project: MakeProject, up: Up, cli: Cli) -> None:
    root = project({"devenv.toml": PARTS})
    up(root)
    assert running(root) == {"one", "two", "redis"}
    up(root, "--with", "more")
    assert running(root) == {"one", "two", "redis", "extra", "cache"}
    before = starts(root)
    up(root)
    assert starts(root) == before
    assert cli("down", cwd=root).code == 0
    assert all_containers(root) == []


def test_a_service_of_an_optional_part_can_be_named(project: MakeProject, up: Up) -> None:
    root = project({"devenv.toml": PARTS})
    up(root, "extra")
    assert running(root) == {"extra", "redis"}


@pytest.mark.parametrize(("words", "near"), [(("ona",), "one"), (("--with", "mor"), "more")])
def test_an_unknown_name_is_refused_with_the_nearest(
    project: MakeProject, cli: Cli, words: tuple[str, ...], near: str
) -> None:
    root = project({"devenv.toml": PARTS})
    result = cli("up", "-d", *words, cwd=root)
    assert result.code == 2
    assert f"`{near}`" in result.err
    assert all_containers(root) == []


def test_any_folder_inside_c_and_f_lead_to_the_same_project(project: MakeProject, up: Up, cli: Cli) -> None:
    root = project({"devenv.toml": REDIS, "src/deep/x.py": ""})
    up(root / "src/deep")
    before = starts(root)
    assert set(before) == {"redis"}
    elsewhere = root.parent
    for words in (("-C", str(root)), ("-C", str(root / "src")), ("-f", str(root / "devenv.toml"))):
        assert cli(*words, "up", "-d", cwd=elsewhere).code == 0
        assert starts(root) == before
    status = cli("-C", "shop/src", "status", "--json", cwd=elsewhere).json()
    assert [service["state"] for service in status["services"]] == ["ready"]
    assert cli("-C", "shop", "down", cwd=elsewhere).code == 0
    assert all_containers(root) == []


def test_another_manifest_is_named_with_f(project: MakeProject, cli: Cli) -> None:
    root = project({"devenv.toml": "[sidecars]\nvalkey = {}\n", "ci.toml": REDIS})
    assert cli("-f", "ci.toml", "up", "-d", cwd=root).code == 0
    assert running(root) == {"redis"}
    status = cli("-f", root / "ci.toml", "status", "--json", cwd=root.parent).json()
    assert [(service["name"], service["state"]) for service in status["services"]] == [("redis", "ready")]
    assert cli("-f", "ci.toml", "down", cwd=root).code == 0
    assert all_containers(root) == []


@pytest.mark.parametrize("content", ["[sidecars\n", "[sidecars]\nnosuch = {}\n", "sidecars = 5\n", "\x00"])
def test_down_works_without_a_valid_manifest(project: MakeProject, up: Up, cli: Cli, content: str) -> None:
    root = project({"devenv.toml": REDIS})
    up(root)
    kept = volumes(root)
    (root / "devenv.toml").write_text(content)
    result = cli("up", "-d", cwd=root)
    assert result.code == 2
    assert running(root) == {"redis"}
    assert cli("down", cwd=root).code == 0
    assert all_containers(root) == []
    assert volumes(root) == kept


def test_restart_restarts_what_is_named_and_waits_for_it(project: MakeProject, up: Up, cli: Cli) -> None:
    root = project({"devenv.toml": PARTS})
    up(root)
    before = starts(root)
    result = cli("restart", "redis", "--json", cwd=root)
    assert result.code == 0, result.err
    assert [service["state"] for service in result.json()["services"]] == ["ready"]
    after = starts(root)
    assert after["redis"][0] == before["redis"][0]
    assert after["redis"][1] > before["redis"][1]
    assert {name: after[name] for name in ("one", "two")} == {name: before[name] for name in ("one", "two")}
    assert cli("restart", "extra", cwd=root).code == 1


def test_restart_of_everything_leaves_out_what_was_never_started(project: MakeProject, up: Up, cli: Cli) -> None:
    root = project({"devenv.toml": PARTS})
    up(root)
    before = starts(root)
    result = cli("restart", cwd=root)
    assert result.code == 0, result.err
    after = starts(root)
    assert set(after) == set(before)
    assert all(after[name][1] > before[name][1] for name in before)
