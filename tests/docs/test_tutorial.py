"""The README's tutorial, done as it is written; and the worked example of a recipe, served by a real memcached."""

from __future__ import annotations

import json
import re
import shlex
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.command_line import ROOT, Cli
from tests.conftest import MakeProject, write_files
from tests.docs.markdown import Block, blocks

README = ROOT / "README.md"
CONTRIBUTING = ROOT / "CONTRIBUTING.md"

STEPS = [
    block
    for block in blocks("python", "dockerfile", "toml", "console", documents=(README,))
    if block.words and (block.language != "console" or block.words == ("tutorial",))
]

# What differs from run to run: how long, since when, which password, and the ports where the first are in use.
_VARYING = (
    (re.compile(r"\b[0-9a-f]{32}\b"), "PASSWORD"),
    (re.compile(r"\b\d+(\.\d)? (s|min)\b"), "TIME"),
    (re.compile(r'(127\.0\.0\.1:|PGPORT=")\d+'), r"\1PORT"),
    (re.compile(r"[ ]+"), " "),
)


def same(line: str) -> str:
    """A line without what differs from run to run."""
    for pattern, name in _VARYING:
        line = pattern.sub(name, line)
    return line.strip()


@pytest.fixture
def folder(cli: Cli, tmp_path: Path) -> Iterator[Path]:
    """An empty folder `visits`, and what was made there removed afterwards."""
    path = tmp_path / "visits"
    path.mkdir()
    yield path
    if (path / "devenv.toml").exists():
        assert cli("destroy", "--yes", "--no-dump", cwd=path).code == 0


@pytest.fixture
def shell(environment: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """An environment in which `devenv` is a command."""
    script = tmp_path / "bin" / "devenv"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m devenv "$@"\n')
    script.chmod(0o755)
    return {**environment, "PATH": f"{script.parent}:{environment['PATH']}"}


@pytest.mark.engine
def test_the_tutorial_does_what_it_shows(cli: Cli, folder: Path, shell: dict[str, str]) -> None:
    for block in STEPS:
        if block.language != "console":
            write_files(folder, {block.words[0]: block.text})
            continue
        for command, expected in block.commands:
            output = run(with_real_port(command, cli, folder), folder, shell)
            assert not missing(expected, output.splitlines()), f"{block.place}: {command}\n{output}"


def run(command: str, folder: Path, env: dict[str, str]) -> str:
    done = subprocess.run(
        ["bash", "-c", command.replace("curl ", "curl --silent --show-error ")],
        cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        encoding="utf-8", timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, f"{command}\n{done.stdout}"
    return done.stdout


def with_real_port(command: str, cli: Cli, folder: Path) -> str:
    """The command with the port that the app has got, where it names the one that the tutorial has."""
    if ":8000" not in command:
        return command
    services = json.loads(cli("status", "--json", cwd=folder).out)["services"]
    port = next(each["addresses"][0]["port"] for each in services if each["name"] == "app")
    return command.replace(":8000", f":{port}")


def missing(expected: list[str], output: list[str]) -> list[str]:
    """The lines that do not come in that order; `…` stands for lines that are left out."""
    lines = iter(map(same, output))
    return [line for line in expected if line != "…" and same(line) not in lines]


def test_a_missing_line_is_found() -> None:
    assert missing(["a", "…", "c 3 s"], ["a", "b", "c  17.2 s"]) == []
    assert missing(["b", "a"], ["a", "b"]) == ["a"]


# The recipe in five minutes.


def part(*, recipe: bool) -> Block:
    found = [block for block in blocks("toml", documents=(CONTRIBUTING,)) if bool(block.words) is recipe]
    assert len(found) == 1
    return found[0]


@pytest.fixture
def cached(project: MakeProject) -> Path:
    return project({"devenv.toml": part(recipe=False).text, part(recipe=True).words[0]: part(recipe=True).text})


def test_the_worked_recipe_is_listed_as_shown(cli: Cli, cached: Path) -> None:
    shown = next(
        lines
        for block in blocks("console", documents=(CONTRIBUTING,))
        for command, lines in block.commands
        if command == "devenv recipes memcached"
    )
    assert cli("recipes", "memcached", cwd=cached).out.splitlines() == shown


IMAGE = "devenv-docs/memcached:1.6"
DOCKERFILE = """
FROM debian:trixie-slim
RUN apt-get update && apt-get install --yes --no-install-recommends memcached
USER nobody
"""


@pytest.mark.engine
def test_the_worked_recipe_serves_a_client(cli: Cli, cached: Path) -> None:
    """With the distribution's memcached, because its image is not among those of the test bed."""
    subprocess.run(["docker", "build", "--quiet", "--tag", IMAGE, "-"], input=DOCKERFILE, text=True, check=True)
    manifest = cached / "devenv.toml"
    manifest.write_text(manifest.read_text().replace("memcached = {", f'memcached = {{ image = "{IMAGE}",'))
    try:
        started = cli("up", "-d", cwd=cached)
        assert started.code == 0, started.err
        env = cli("env", "--json", cwd=cached).json()
        with socket.create_connection((env["MEMCACHED_HOST"], int(env["MEMCACHED_PORT"])), timeout=5) as connection:
            connection.sendall(b"stats settings\r\n")
            assert b"STAT maxbytes 134217728\r\n" in connection.makefile("rb").read(200)
    finally:
        assert cli("destroy", "--yes", cwd=cached).code == 0
        subprocess.run(["docker", "image", "rm", "--force", IMAGE], check=True, capture_output=True)
