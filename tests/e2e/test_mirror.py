"""Where images come from: a mirror in front of Docker Hub, only what is needed, at once, and with an end to waiting."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.command_line import Cli
from tests.conftest import MakeProject
from tests.e2e.conftest import Up
from tests.e2e.engine import docker, labelled
from tests.e2e.registry import LIMITED, Registry, registry

pytestmark = pytest.mark.engine

MIRROR = "DEVENV_REGISTRY_MIRROR"


@pytest.fixture
def served() -> Iterator[Registry]:
    with registry() as made:
        yield made


@pytest.fixture
def names() -> Iterator[list[str]]:
    """Images that no registry has: the one as Docker Hub's own are called, the other as its users'."""
    mark = secrets.token_hex(5)
    images = [f"devenv-test-{mark}:1", f"devenv-tests/other-{mark}:1"]
    yield images
    found = docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}}").split()
    for image in found:
        if mark in image:
            docker("image", "rm", image)


def manifest(*images: str) -> str:
    return "".join(f'[sidecars.s{number}]\nimage = "{image}"\n' for number, image in enumerate(images))


def behind(served: Registry) -> dict[str, str]:
    return {MIRROR: f"{served.address}/hub/"}


def name_of(image: str) -> str:
    return image.partition(":")[0]


def test_images_of_docker_hub_come_from_the_mirror_and_no_other(
    served: Registry, names: list[str], project: MakeProject, up: Up
) -> None:
    own = f"{served.address}/own/{name_of(names[0])}:1"
    root = project({"devenv.toml": manifest(*names, own)})
    up(root, env=behind(served))
    official, other = map(name_of, names)
    assert served.pulled() == {f"hub/library/{official}", f"hub/{other}", f"own/{official}"}
    assert f"{served.address}/hub/library/{official}:1" in (root / ".devenv/compose.yaml").read_text()


def test_what_the_team_commits_names_no_mirror(
    served: Registry, names: list[str], project: MakeProject, cli: Cli
) -> None:
    root = project({"devenv.toml": manifest(*names)})
    assert cli("generate", "compose", cwd=root, env=behind(served)).code == 0
    text = (root / "compose.yaml").read_text()
    assert f'"{names[0]}"' in text
    assert served.address not in text


def test_an_image_that_is_here_is_asked_for_nowhere(
    served: Registry, names: list[str], project: MakeProject, up: Up
) -> None:
    docker("tag", "devenv-tests/small:1", names[0])
    up(project({"devenv.toml": manifest(*names)}), env=behind(served))
    assert served.pulled() == {f"hub/{name_of(names[1])}"}


def test_only_what_is_brought_up_is_pulled(served: Registry, names: list[str], project: MakeProject, up: Up) -> None:
    root = project({"devenv.toml": manifest(names[0]) + manifest(names[1]).replace("s0", "rest")})
    up(root, "s0", env=behind(served))
    assert served.pulled() == {f"hub/library/{name_of(names[0])}"}


def test_images_are_pulled_at_once(served: Registry, names: list[str], project: MakeProject, up: Up) -> None:
    met = threading.Barrier(len(names))
    waiting = set(map(name_of, names))

    def meet(name: str) -> None:
        """The first question about each image is answered when the first about every other has come."""
        bare = name.removeprefix("hub/").removeprefix("library/")
        if bare in waiting:
            waiting.discard(bare)
            met.wait(timeout=60)

    served.before = meet
    up(project({"devenv.toml": manifest(*names)}), env=behind(served))
    assert not met.broken
    assert waiting == set()


def test_a_mirror_that_comes_or_goes_replaces_no_container(
    served: Registry, names: list[str], project: MakeProject, up: Up
) -> None:
    root = project({"devenv.toml": manifest(names[0])})
    up(root, env=behind(served))
    before = container_of(root)
    docker("tag", f"{served.address}/hub/library/{names[0]}", names[0])
    up(root)
    assert container_of(root) == before
    up(root, env=behind(served))
    assert container_of(root) == before


def container_of(root: Path) -> str:
    [container] = labelled("container", f"devenv.path={root}")
    return container


def test_a_rate_limit_says_whose_it_is_and_what_helps(
    served: Registry, names: list[str], project: MakeProject, cli: Cli
) -> None:
    served.limited = LIMITED
    root = project({"devenv.toml": manifest(f"{served.address}/own/{names[0]}")})
    result = cli("up", "-d", cwd=root)
    assert result.code == 1
    message = f"the rate limit of {served.address} for pulls without a login is reached"
    assert f"error: the image `{served.address}/own/{names[0]}` is not to be had: {message}" in result.err
    assert LIMITED in result.err
    assert result.err.endswith(f"hint: wait, or log in with `docker login {served.address}`\n")


def test_a_registry_that_keeps_silent_is_not_waited_for_for_ever(
    served: Registry, names: list[str], project: MakeProject, cli: Cli
) -> None:
    served.before = served.keep_silent
    root = project({"devenv.toml": manifest(names[0])})
    result = cli("up", "-d", cwd=root, env={**behind(served), "DEVENV_PULL_TIMEOUT": "1.5"})
    assert result.code == 1
    assert f"nothing came from {served.address} for 1.5 s" in result.err
    assert "DEVENV_PULL_TIMEOUT" in result.err
    assert docker("ps", "-aq", "--filter", f"label=devenv.path={root}") == ""


@pytest.mark.parametrize(
    ("variable", "value"), [(MIRROR, "https://mirror.example.com/hub"), ("DEVENV_PULL_TIMEOUT", "soon")]
)
def test_a_value_that_can_not_be_meant_is_refused(
    variable: str, value: str, names: list[str], project: MakeProject, cli: Cli
) -> None:
    result = cli("up", "-d", cwd=project({"devenv.toml": manifest(names[0])}), env={variable: value})
    assert result.code == 2
    assert f"{variable} is `{value}`" in result.err


def test_a_build_is_told_where_layers_are_kept(project: MakeProject, cli: Cli) -> None:
    manifest = '[app]\nbuild = "."\n[sidecars]\nredis = {}\n'
    root = project({"devenv.toml": manifest, "Dockerfile": "FROM scratch\n"})
    result = cli("up", "-d", "redis", cwd=root, env={"DEVENV_BUILD_CACHE": "type=gha"})
    assert result.code == 0, result.err
    variables = (root / ".devenv/compose.yaml").read_text().split("--env-file ")[1].split()[0]
    words = ("--env-file", variables, "-f", str(root / ".devenv/compose.yaml"))
    [target] = json.loads(docker("compose", *words, "build", "--print", "app"))["target"].values()
    assert target["cache-from"] == ["type=gha,scope=app"]
    assert target["cache-to"] == ["type=gha,scope=app,mode=max"]
