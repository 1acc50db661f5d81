"""No engine, a dead one, one that may not be used, one that is too old: what, why, hint, and exit code 3."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path

import pytest

from tests.command_line import Cli, Result
from tests.conftest import MakeProject
from tests.e2e.engine import all_containers
from tests.e2e.manifests import REDIS, worker

NEEDING = [
    ("up", "-d"),
    ("up",),
    ("down",),
    ("destroy", "--yes"),
    ("restart",),
    ("status",),
    ("logs",),
    ("exec", "redis", "true"),
    ("connect", "redis"),
]
WITHOUT = [("validate",), ("config",), ("env",), ("generate", "compose"), ("recipes",), ("schema",)]


def refused(result: Result) -> None:
    """What every such failure looks like."""
    assert result.code == 3, result.err
    assert "error: " in result.err
    assert "hint: " in result.err
    assert "Traceback" not in result.err


@pytest.mark.parametrize("words", NEEDING, ids=lambda words: words[0])
def test_no_engine_is_said_by_every_command_that_needs_one(
    project: MakeProject, cli: Cli, words: tuple[str, ...]
) -> None:
    root = project({"devenv.toml": REDIS})
    result = cli(*words, cwd=root)
    refused(result)
    assert "/nonexistent/docker.sock" in result.err


@pytest.mark.parametrize("words", WITHOUT, ids=lambda words: words[0])
def test_what_needs_no_engine_works_without(project: MakeProject, cli: Cli, words: tuple[str, ...]) -> None:
    root = project({"devenv.toml": REDIS})
    result = cli(*words, cwd=root)
    assert result.code == 0, result.err


def test_an_engine_that_was_stopped_left_a_dead_socket(project: MakeProject, cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "docker.sock"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
    result = cli("up", "-d", cwd=project({"devenv.toml": REDIS}), env={"DOCKER_HOST": f"unix://{path}"})
    refused(result)
    assert "not running" in result.err


@pytest.mark.parametrize("host", ["tcp://127.0.0.1:1", "nonsense://x", "tcp://nosuch.invalid:2375"])
def test_an_address_where_no_engine_is(project: MakeProject, cli: Cli, host: str) -> None:
    result = cli("up", "-d", cwd=project({"devenv.toml": REDIS}), env={"DOCKER_HOST": host})
    refused(result)
    assert host in result.err


def test_a_socket_without_permission(project: MakeProject, cli: Cli, tmp_path: Path) -> None:
    """Root may open everything, so it gives up that right for this command."""
    root, folder = project({"devenv.toml": REDIS}), tmp_path / "private"
    less = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all"] if os.getuid() == 0 else []
    with socket.socket(socket.AF_UNIX) as server:
        folder.mkdir()
        server.bind(str(folder / "docker.sock"))
        server.listen()
        folder.chmod(0)
        try:
            done = subprocess.run(
                [*less, *cli.argv("up", "-d")],
                cwd=root,
                env={**cli.env, "DOCKER_HOST": f"unix://{folder}/docker.sock"},
                capture_output=True,
                encoding="utf-8",
                timeout=60,
            )
        finally:
            folder.chmod(0o700)
    refused(Result(done.returncode, done.stdout, done.stderr))
    assert "permission" in done.stderr


@pytest.mark.engine
@pytest.mark.parametrize(
    ("script", "words"),
    [
        ('echo "Docker Compose version v2.20.0"', ("2.20.0", "too old", "2.40.3")),
        ('echo "docker-compose version 1.29.2, build 5becea4c"', ("1.29.2", "2.40.3")),
        ("exit 1", ("Compose", "2.40.3")),
        (None, ("Compose", "2.40.3")),
    ],
    ids=["2.20", "1.29", "broken", "none"],
)
def test_compose_that_is_missing_or_too_old(
    project: MakeProject, cli: Cli, tmp_path: Path, script: str | None, words: tuple[str, ...]
) -> None:
    plugins = tmp_path / "config/cli-plugins"
    plugins.mkdir(parents=True)
    if script:
        plugin = plugins / "docker-compose"
        metadata = '{"SchemaVersion":"0.1.0","Vendor":"x","Version":"v2.20.0","ShortDescription":"x"}'
        plugin.write_text(
            f"#!/bin/sh\n[ \"$1\" = docker-cli-plugin-metadata ] && echo '{metadata}' && exit\n{script}\n"
        )
        plugin.chmod(0o755)
    root = project({"devenv.toml": worker() + REDIS})
    result = cli("up", "-d", cwd=root, env={"DOCKER_CONFIG": str(plugins.parent)})
    refused(result)
    for word in words:
        assert word in result.err
    assert all_containers(root) == []
