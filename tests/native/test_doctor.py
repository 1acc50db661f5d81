"""`devenv doctor`: what it says is so, and its exit code is whether `up` works."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest

from devenv.engines.native.client import Supervision
from devenv.engines.native.program import MARK
from devenv.engines.native.record import Record
from tests.command_line import Cli
from tests.conftest import write_files
from tests.contract.conftest import Subject
from tests.docs.test_json import check
from tests.native.conftest import Native
from tests.native.machine import processes, project_of
from tests.testbed.containers import wait_for

REDIS = "[sidecars]\nredis = {}\n"


def told(subject: Subject, code: int = 0) -> dict[str, dict[str, Any]]:
    """Its checks by name."""
    answer = subject("doctor", "--json", code=code).json()
    check(answer, "doctor")
    assert answer["well"] == (code == 0)
    return {each["name"]: each for each in answer["checks"]}


def test_a_project_that_can_run(native: Native) -> None:
    subject = native('[sidecars]\npostgres = "17"\nredis = {}\ns3mock = {}\n')
    answer = subject("doctor", "--json").json()
    assert answer["engine"] == "native"
    assert {each["service"] for each in answer["providers"]} == {"postgres", "redis", "s3mock"}
    checks = told(subject)
    assert checks["docker"]["state"] == "warning"
    assert "SeaweedFS" in checks["s3mock"]["message"]
    assert checks["leftovers"]["message"] == "none"


def test_it_fits_a_screen(native: Native) -> None:
    subject = native(
        '[sidecars]\npostgres = "17"\nredis = {}\nmailpit = {}\ns3mock = {}\nadminer = {}\nx = { image = "nats" }\n'
    )
    lines = subject("doctor").out.splitlines()
    assert max(len(line) for line in lines if "/" not in line) <= 80  # a path has no place to be broken at
    assert len(lines) <= 50
    assert "\N{CHECK MARK} postgres" in "\n".join(lines)


def test_it_works_outside_of_a_project(cli: Cli) -> None:
    result = cli("doctor", "--json", env={"DEVENV_ENGINE": "auto"})
    check(result.json(), "doctor")
    assert (result.code, result.json()["project"], result.json()["engine"]) == (0, None, "native")
    assert {"postgres", "redis", "s3", "mail"} <= {each["name"] for each in result.json()["checks"]}


def test_the_engine_that_was_asked_for_must_be_there(cli: Cli, tmp_path: Path) -> None:
    write_files(tmp_path, {"devenv.toml": REDIS})
    result = cli("--engine", "compose", "doctor", cwd=tmp_path)
    assert result.code == 1
    assert "\N{BALLOT X} docker" in result.out
    assert cli("--engine", "compose", "doctor").code == 1


@pytest.mark.engine
def test_an_engine_that_answers_is_told_with_its_version(cli: Cli, tmp_path: Path) -> None:
    write_files(tmp_path, {"devenv.toml": REDIS})
    result = cli("doctor", "--json", cwd=tmp_path)
    checks = {each["name"]: each for each in result.json()["checks"]}
    assert result.code == 0
    assert checks["docker"]["message"].startswith("Docker Engine ")
    assert checks["compose"]["message"].startswith("Docker Compose ")
    assert checks["redis"]["message"] == "redis:8"


def test_a_port_that_is_held_is_told_with_its_holder(native: Native) -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        ports = told(native(f'[sidecars.redis]\nports = ["{port}:6379"]\n'))["ports"]
    assert ports["state"] == "warning"
    assert f"{port} of redis is held by" in ports["message"]
    assert f"process {os.getpid()}" in ports["message"]


@pytest.mark.parametrize(
    ("manifest", "name", "said"),
    [
        ("[sidecars]\nredis = { memori = 1 }\n", "manifest", "no option `memori`"),
        ('[app]\ncommand = "no-such-program --x"\n', "app", "`no-such-program`"),
        ('[sidecars.q]\nimage = "nats:2"\nexports = { Q = "x" }\n', "q", "runs in a container only"),
        ('[sidecars.postgres]\nextensions = ["no_such"]\n', "postgres", "extension no_such missing"),
        ('[sidecars.redis]\nnative = "/nonexistent/redis"\n', "redis", "`native` names no `redis-server`"),
    ],
    ids=["manifest", "program", "image", "extension", "path"],
)
def test_what_keeps_up_from_working_is_an_error(native: Native, manifest: str, name: str, said: str) -> None:
    subject = native(manifest)
    found = told(subject, code=1)[name]
    assert found["state"] == "error"
    assert said in found["message"]
    assert found["hint"]
    assert subject.cli("up", "-d", cwd=subject.root).code != 0


def test_what_only_people_use_may_be_missing(native: Native) -> None:
    assert told(native('[sidecars.page]\nimage = "nats:2"\n'))["page"]["state"] == "warning"


def test_a_state_folder_that_can_not_be_is_an_error(native: Native, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    subject = native(REDIS, DEVENV_STATE_HOME=str(tmp_path / "file" / "state"))
    assert "DEVENV_STATE_HOME" in told(subject, code=1)["state"]["hint"]


@pytest.mark.servers
def test_what_runs_holds_its_own_ports_and_what_was_left_is_told(native: Native) -> None:
    subject = native(REDIS)
    subject("up", "-d")
    checks = told(subject)
    assert checks["ports"]["state"] == "ok"
    assert "held by this project" in checks["ports"]["message"]
    project = project_of(subject.root, subject.cli)
    mark = {MARK: f"{Supervision(project).mark}/redis"}
    with subprocess.Popen(["sleep", "100"], env=mark) as lost:
        keeper = Record(project.state.folder).load()
        os.kill(keeper.pid, signal.SIGKILL)
        wait_for(lambda: processes(project) == [lost.pid])
        left = told(subject)["leftovers"]
        assert left["state"] == "warning"
        assert str(lost.pid) in left["message"]
        assert left["hint"] == "devenv down"
        subject("down")
    assert told(subject)["leftovers"]["message"] == "none"
