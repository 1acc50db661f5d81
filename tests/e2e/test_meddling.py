"""What others did to the project's things, or to the shell, in the meantime: the next `up` copes."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.command_line import Cli
from tests.conftest import MakeProject
from tests.e2e.clients import addresses, redis_at
from tests.e2e.conftest import Up
from tests.e2e.engine import (
    all_containers,
    containers,
    docker,
    networks,
    project_id,
    published,
    running,
    starts,
)
from tests.e2e.manifests import PYTHON, REDIS, SLEEPER, string, strings, worker

pytestmark = pytest.mark.engine

MANIFEST = worker(more='env = { PLACE = "{redis.url}" }') + REDIS


def mark(cli: Cli, root: Path) -> None:
    """Leave a value in redis."""
    with redis_at(addresses(cli, root)) as client:
        client.set("mark", "here")


def sound(cli: Cli, root: Path) -> None:
    """All runs, the value is there, and the app was told the password that works."""
    assert running(root) == {"worker", "redis"}
    env = addresses(cli, root)
    with redis_at(env) as client:
        assert client.get("mark") == "here"
    told = dict(entry.split("=", 1) for entry in containers(root)["worker"]["Config"]["Env"])
    assert env["REDIS_PASSWORD"] in told["PLACE"]
    assert docker("exec", containers(root)["redis"]["Id"], "redis-cli", "ping") == "PONG"


def test_a_network_that_was_pruned_while_all_was_stopped(project: MakeProject, up: Up, cli: Cli) -> None:
    root = project({"devenv.toml": MANIFEST})
    up(root)
    mark(cli, root)
    docker("stop", *(item["Id"] for item in all_containers(root)))
    docker("network", "rm", *networks(root))
    up(root)
    sound(cli, root)


def test_a_paused_container_goes_on_at_its_old_address(project: MakeProject, up: Up, cli: Cli) -> None:
    root = project({"devenv.toml": MANIFEST})
    up(root)
    mark(cli, root)
    before = starts(root)
    docker("pause", containers(root)["redis"]["Id"])
    up(root)
    assert starts(root) == before
    sound(cli, root)


@pytest.mark.parametrize("gone", ["redis", "worker"])
def test_a_container_that_was_removed(project: MakeProject, up: Up, cli: Cli, gone: str) -> None:
    root = project({"devenv.toml": MANIFEST})
    up(root)
    mark(cli, root)
    before, port = starts(root), published(containers(root)["redis"])
    docker("exec", before["redis"][0], "redis-cli", "save")
    docker("rm", "--force", before[gone][0])
    up(root)
    assert {name for name in before if starts(root)[name] != before[name]} == {gone}
    assert published(containers(root)["redis"]) == port
    sound(cli, root)


def test_variables_of_the_shell_that_are_called_like_ours(project: MakeProject, up: Up, cli: Cli) -> None:
    """The .env of another project, loaded into the shell, and what makes Compose look elsewhere."""
    foreign = {
        "DEVENV_REDIS_PASSWORD": "foreign",
        "REDIS_PASSWORD": "foreign",
        "COMPOSE_PROJECT_NAME": "other",
        "COMPOSE_FILE": "/nonexistent.yaml",
        "COMPOSE_ENV_FILES": "/nonexistent.env",
        "COMPOSE_PROFILES": "*",
        "COMPOSE_REMOVE_ORPHANS": "1",
        "PWD": "/",
    }
    root = project({"devenv.toml": MANIFEST})
    up(root, env=foreign)
    mark(cli, root)
    before = starts(root)
    up(root)
    assert starts(root) == before
    sound(cli, root)


def test_generated_files_and_images_that_were_deleted(project: MakeProject, up: Up, cli: Cli) -> None:
    root = project(
        {
            "devenv.toml": f'[app]\nbuild = "."\ncommand = {strings(["python", "-uc", SLEEPER])}\n',
            "Dockerfile": f"FROM {PYTHON}\n",
        }
    )
    up(root)
    before = starts(root)
    shutil.rmtree(root / ".devenv")
    up(root)
    assert starts(root) == before
    assert (root / ".devenv/compose.yaml").is_file()
    assert cli("down", cwd=root).code == 0
    docker("image", "rm", project_image(cli, root))
    up(root)
    assert running(root) == {"app"}


def project_image(cli: Cli, root: Path) -> str:
    """The name of the app's image."""
    (service,) = cli("status", "--json", cwd=root).json()["services"]
    return str(service["image"])


def test_a_changed_dotenv_file_recreates_its_app_only(project: MakeProject, up: Up) -> None:
    root = project({"devenv.toml": worker(more='env_file = "my.env"') + REDIS, "my.env": "KEY=one\n"})
    up(root)
    before = starts(root)
    (root / "my.env").write_text("KEY=two\n")
    said = up(root).err
    assert {name for name in before if starts(root)[name] != before[name]} == {"worker"}
    assert "KEY=two" in containers(root)["worker"]["Config"]["Env"]
    assert "two" not in said


def test_a_container_of_ours_that_somebody_copied_the_labels_of(project: MakeProject, up: Up, cli: Cli) -> None:
    """The same labels on another path's container: refused, never touched."""
    root = project({"devenv.toml": REDIS})
    up(root)
    labels = {"devenv.project": project_id(root), "devenv.path": "/somewhere/else", "devenv.service": "redis"}
    options = [word for name, value in labels.items() for word in ("--label", f"{name}={value}")]
    assert cli("down", cwd=root).code == 0
    foreign = docker("run", "-d", *options, "redis:8")
    try:
        result = cli("up", "-d", cwd=root)
        assert result.code == 1
        assert "/somewhere/else" in result.err
        assert cli("down", cwd=root).code in (0, 1)
        assert cli("destroy", "--yes", cwd=root).code in (0, 1)
        assert docker("inspect", "--format", "{{.State.Running}}", foreign) == "true"
    finally:
        docker("rm", "--force", foreign)


def test_a_manifest_reached_by_a_symbolic_link_belongs_to_the_folder_of_the_link(
    tmp_path: Path, project: MakeProject, up: Up
) -> None:
    """A team's shared manifest: each folder that links to it is a project of its own."""
    shared = tmp_path / "shared.toml"
    shared.write_text(worker(script=SLEEPER + f"# {string('x')}"))
    one, other = project({"x": ""}, name="one"), project({"x": ""}, name="other")
    for root in (one, other):
        (root / "devenv.toml").symlink_to(os.path.relpath(shared, root))
        up(root)
    assert running(one) == running(other) == {"worker"}
