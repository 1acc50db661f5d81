"""A generated workflow with GitHub's own services, run as its runner does: create, wait for health, then the steps.

How the runner makes a service: actions/runner, DockerCommandManager.cs, `DockerCreate`.
"""

from __future__ import annotations

import os
import secrets
import shlex
import socket
import subprocess
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
import redis
import yaml

from tests.command_line import Cli
from tests.conftest import MakeProject
from tests.e2e.engine import docker
from tests.testbed.containers import wait_for

pytestmark = pytest.mark.engine

MANIFEST = """
[app]
image = "python:3.13-slim"

[sidecars.postgres]
version = "17"
databases = ["shop", "reports"]
extensions = ["pg_trgm"]
ports = ["{postgres}:5432"]

[sidecars.redis]
ports = ["{redis}:6379"]
memory = "64mb"
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def job(project: MakeProject, cli: Cli) -> dict[str, Any]:
    manifest = MANIFEST.format(postgres=free_port(), redis=free_port())
    root = project({"devenv.toml": manifest, "requirements.txt": ""})
    assert cli("generate", "github", "--services", cwd=root).code == 0
    workflow = yaml.safe_load((root / ".github/workflows/devenv.yml").read_text())
    found: dict[str, Any] = workflow["jobs"]["test"]
    return found


@pytest.fixture
def running(job: dict[str, Any]) -> Iterator[dict[str, str]]:
    """The services' containers by their names, each healthy."""
    mark = f"devenv-ci-{secrets.token_hex(5)}"
    docker("network", "create", mark)
    found: dict[str, str] = {}
    try:
        for name, service in job["services"].items():
            words = ["--network", mark, "--network-alias", name, "-v", "/devenv-unused"]
            words += [word for port in service.get("ports", ()) for word in ("-p", f"127.0.0.1:{port}")]
            words += [word for key, value in service.get("env", {}).items() for word in ("-e", f"{key}={value}")]
            command = shlex.split(service.get("command", ""))  # .NET's quotes, of which these words need no others
            options = shlex.split(service["options"])
            found[name] = docker("create", *words, *options, service["image"], *command)
            docker("start", found[name])
        for container in found.values():
            wait_for(lambda it=container: docker("inspect", "-f", "{{.State.Health.Status}}", it) == "healthy", 120)
        yield found
    finally:
        for container in found.values():
            docker("rm", "--force", "--volumes", container)
        docker("network", "rm", mark)


def test_the_services_are_what_the_job_is_told(job: dict[str, Any], running: dict[str, str]) -> None:
    for step in job["steps"]:
        if step.get("name", "").startswith("Complete"):
            service = step["env"]["ID"].split(".")[2]
            env = {**os.environ, "ID": running[service]}
            subprocess.run(["bash", "-e", "-c", step["run"]], env=env, check=True, timeout=60)
    told = job["env"]
    with psycopg.connect(told["DATABASE_URL"], dbname="reports") as database:
        assert database.execute("SELECT extname FROM pg_extension WHERE extname = 'pg_trgm'").fetchone()
    cache = redis.Redis.from_url(told["REDIS_URL"])
    with cache:
        assert cache.ping()
        assert cache.config_get("maxmemory") == {"maxmemory": str(64 * 1024 * 1024)}
    with pytest.raises(redis.AuthenticationError), redis.Redis(port=int(told["REDIS_PORT"])) as stranger:
        stranger.ping()
