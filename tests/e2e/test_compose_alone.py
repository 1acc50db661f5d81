"""The compose file works for someone without devenv, and is safe to commit: no absolute path, no secret."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from tests.command_line import ROOT, Cli
from tests.conftest import MakeProject
from tests.e2e.engine import docker, inspected, labelled
from tests.e2e.manifests import BOTH, DOCKERFILE, MAIN

pytestmark = pytest.mark.engine

MANIFEST = '[app]\nbuild = "."\nports = [8000]\nready = { http = "/" }\n' + BOTH


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on, all different."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


class Alone:
    """Docker Compose in a folder, with nothing of devenv's state, under a project name of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = f"alone-{secrets.token_hex(4)}"
        names = [name.partition("}")[0] for name in (folder / "compose.yaml").read_text().split("${")[1:]]
        ports = [name.partition(":-")[0] for name in names if ":-" in name]
        self.env = dict(zip(ports, map(str, free_ports(len(ports))), strict=True))

    def __call__(self, *words: str, timeout: float = 240, env: Mapping[str, str] | None = None) -> Any:
        return subprocess.run(
            ["docker", "compose", "-p", self.name, *words],
            cwd=self.folder,
            env={**os.environ, **self.env, **(env or {})},
            capture_output=True,
            encoding="utf-8",
            timeout=timeout,
        )

    def containers(self) -> dict[str, dict[str, Any]]:
        """What the engine has of it."""
        ids = labelled("container", f"com.docker.compose.project={self.name}")
        found = inspected("container", *ids) if ids else []
        return {item["Config"]["Labels"]["com.docker.compose.service"]: item for item in found}


@contextmanager
def alone(folder: Path) -> Iterator[Alone]:
    """Compose, and at the end nothing of what it made."""
    made = Alone(folder)
    try:
        yield made
    finally:
        done = made("down", "--volumes", "--rmi", "local", "--timeout", "5")
        assert done.returncode == 0, done.stderr


def copied(root: Path) -> Path:
    """A colleague's clone, with the values that were handed over."""
    return Path(shutil.copytree(root, root.with_name("clone"), ignore=shutil.ignore_patterns(".devenv")))


def own_names(manifest: str) -> str:
    """The shop under a name that no other test and no other run uses: images are tagged with it."""
    assert 'name = "shop"\n' in manifest
    return manifest.replace('name = "shop"\n', f'name = "shop-{secrets.token_hex(4)}"\n')


def test_the_shop_comes_up_healthy_with_compose_alone(tmp_path: Path, cli: Cli) -> None:
    root = Path(shutil.copytree(ROOT / "examples/shop", tmp_path / "shop"))
    (root / "devenv.toml").write_text(own_names((root / "devenv.toml").read_text()))
    result = cli("generate", "compose", cwd=root)
    assert result.code == 0, result.err
    with alone(copied(root)) as compose:
        done = compose("up", "--wait", "--wait-timeout", "200")
        assert done.returncode == 0, done.stderr
        found = compose.containers()
        assert set(found) == {"web", "web.setup", "worker", "postgres", "redis", "s3mock", "mailpit", "adminer"}
        setup = found.pop("web.setup")
        assert (setup["State"]["Status"], setup["State"]["ExitCode"]) == ("exited", 0)
        health = {name: item["State"].get("Health", {}).get("Status") for name, item in found.items()}
        assert health == dict.fromkeys(found, "healthy") | {"worker": None}
        url = f"http://127.0.0.1:{compose.env['DEVENV_WEB_PORT_8000']}"
        order = {"customer_email": "a@example.com", "item": "tea", "quantity": 2}
        assert httpx.post(f"{url}/orders", json=order, timeout=20).status_code == 201


def test_the_file_holds_no_path_of_this_machine_and_no_secret(project: MakeProject, cli: Cli) -> None:
    root = project({"devenv.toml": MANIFEST, "Dockerfile": DOCKERFILE, "main.py": MAIN})
    assert cli("generate", "compose", cwd=root).code == 0
    text = (root / "compose.yaml").read_text()
    env = cli("env", "--format", "json", cwd=root).json()
    for private in (str(root), str(Path.home()), cli.env["HOME"], env["PGPASSWORD"], env["REDIS_PASSWORD"]):
        assert private not in text
    published = [port for service in yaml.safe_load(text)["services"].values() for port in service.get("ports", [])]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_a_missing_value_is_named_by_compose_and_any_will_do(project: MakeProject, cli: Cli) -> None:
    root = project({"devenv.toml": "[sidecars]\nredis = {}\n"})
    assert cli("generate", "compose", cwd=root).code == 0
    (root / ".env").unlink()
    with alone(root) as compose:
        (root / ".env").write_text("")
        refused = compose("config")
        assert refused.returncode != 0
        assert "DEVENV_REDIS_PASSWORD" in refused.stderr
        (root / ".env").write_text("DEVENV_REDIS_PASSWORD=chosen\n")
        assert compose("up", "--wait").returncode == 0
        container = compose.containers()["redis"]["Id"]
        assert docker("exec", container, "redis-cli", "ping") == "PONG"


def test_check_tells_whether_the_file_is_what_the_manifest_gives(project: MakeProject, cli: Cli) -> None:
    root = project({"devenv.toml": "[sidecars]\nredis = {}\n"})
    assert cli("generate", "compose", "--check", cwd=root).code == 4
    assert not (root / "compose.yaml").exists()
    assert cli("generate", "compose", cwd=root).code == 0
    assert cli("generate", "compose", "--check", cwd=root).code == 0
    (root / "devenv.toml").write_text('[sidecars]\nredis = { memory = "64mb" }\n')
    stale = (root / "compose.yaml").read_text()
    result = cli("generate", "compose", "--check", cwd=root)
    assert result.code == 4
    assert "64mb" in result.err
    assert (root / "compose.yaml").read_text() == stale


def test_a_colleagues_clone_checks_clean_whatever_its_own_ports_and_secrets(project: MakeProject, cli: Cli) -> None:
    root = project({"devenv.toml": "[sidecars]\nredis = {}\n"})
    assert cli("generate", "compose", cwd=root).code == 0
    clone = root.with_name("elsewhere") / "shop"
    shutil.copytree(root, clone)
    assert cli("generate", "compose", "--check", cwd=clone).code == 0


def test_a_file_that_is_not_ours_is_not_overwritten(project: MakeProject, cli: Cli) -> None:
    own = "services: {}\n"
    root = project({"devenv.toml": "[sidecars]\nredis = {}\n", "compose.yaml": own})
    result = cli("generate", "compose", cwd=root)
    assert result.code == 4
    assert "--force" in result.err
    assert (root / "compose.yaml").read_text() == own
    assert not (root / ".env").exists()
    assert cli("generate", "compose", "--force", cwd=root).code == 0
    assert "redis" in (root / "compose.yaml").read_text()


@pytest.mark.parametrize("ending", ["\n", ""])
def test_the_users_own_lines_in_env_and_gitignore_stay(project: MakeProject, cli: Cli, ending: str) -> None:
    own = f"# mine\nAPI_KEY='a # b'\nEMPTY=\n  SPACED = x{ending}"
    root = project({"devenv.toml": "[sidecars]\nredis = {}\n", ".env": own, ".gitignore": f"*.log{ending}"})
    subprocess.run(["git", "init", "-q"], cwd=root, check=True, timeout=60)
    for _ in range(2):
        assert cli("generate", "compose", cwd=root).code == 0
    text = (root / ".env").read_text()
    assert text.startswith(own)
    assert text.count("DEVENV_REDIS_PASSWORD=") == 1
    assert (root / ".gitignore").read_text().split() == ["*.log", ".env"]
