"""Addresses: on 127.0.0.1 only; a busy port moves, says who holds it, and what was chosen stays."""

from __future__ import annotations

import os
import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.command_line import Cli
from tests.conftest import MakeProject
from tests.e2e.conftest import Up
from tests.e2e.engine import all_containers, containers, docker, engine_socket, published, starts
from tests.e2e.manifests import web, worker
from tests.e2e.proxy import proxy

pytestmark = pytest.mark.engine


@contextmanager
def occupied(address: str = "127.0.0.1", family: socket.AddressFamily = socket.AF_INET) -> Iterator[int]:
    """A port on which this process listens."""
    with socket.socket(family) as server:
        server.bind((address, 0))
        server.listen()
        yield server.getsockname()[1]


def manifest(port: int) -> str:
    """A project that asks for one host port."""
    return web().replace("ports = [8000]", f'ports = ["{port}:8000"]')


def host_port(root: Path) -> int:
    """Where the web page is, as the engine says."""
    return published(containers(root)["web"])[8000][1]


def listening() -> list[str]:
    """Every local address that something listens on."""
    listed = subprocess.run(["ss", "-Hltn"], capture_output=True, encoding="utf-8", check=True, timeout=30).stdout
    return [line.split()[3] for line in listed.splitlines()]


def test_every_sidecar_is_published_on_the_loopback_address_only(project: MakeProject, up: Up) -> None:
    text = '[sidecars]\npostgres = "17"\nredis = {}\nvalkey = {}\nmailpit = {}\nadminer = {}\ns3mock = {}\n'
    root = project({"devenv.toml": text + web()})
    up(root)
    found = containers(root)
    assert set(found) == {"postgres", "redis", "valkey", "mailpit", "adminer", "s3mock", "web"}
    bound = {name: published(item) for name, item in found.items()}
    assert all(ports for ports in bound.values())
    assert {address for ports in bound.values() for address, _ in ports.values()} == {"127.0.0.1"}
    for ports in bound.values():
        for _, port in ports.values():
            assert [place for place in listening() if place.endswith(f":{port}")] == [f"127.0.0.1:{port}"]


def test_a_busy_port_moves_says_who_holds_it_and_stays_where_it_went(project: MakeProject, up: Up, cli: Cli) -> None:
    with occupied() as port:
        root = project({"devenv.toml": manifest(port)})
        said = up(root).err
        moved = host_port(root)
        assert moved != port
        assert re.search(rf"port {port} is in use by .*process {os.getpid()}\b", said), said
        assert str(moved) in said
    before = starts(root)
    assert up(root).err.count(str(port)) == 0
    assert starts(root) == before
    assert cli("down", cwd=root).code == 0
    up(root)
    assert host_port(root) == moved


@pytest.mark.parametrize(
    ("address", "family"), [("0.0.0.0", socket.AF_INET), ("::", socket.AF_INET6)], ids=["every v4", "every v6"]
)
def test_a_port_that_is_taken_on_all_addresses_is_taken(
    project: MakeProject, up: Up, address: str, family: socket.AddressFamily
) -> None:
    with occupied(address, family) as port:
        root = project({"devenv.toml": manifest(port)})
        up(root)
        assert host_port(root) != port


def test_strict_ports_fail_and_name_the_holder(project: MakeProject, cli: Cli) -> None:
    with occupied() as port:
        root = project({"devenv.toml": manifest(port)})
        result = cli("up", "-d", "--strict-ports", cwd=root)
        assert result.code == 1
        assert re.search(rf"port {port} of `web` is in use by .*process {os.getpid()}\b", result.err), result.err
        assert all_containers(root) == []


def test_a_port_held_by_a_container_that_never_listens_moves(project: MakeProject, up: Up) -> None:
    """Nothing answers there and yet the engine has it: only the attempt to start tells."""
    with occupied() as port:
        pass
    holder = docker("run", "-d", "--rm", "-p", f"127.0.0.1:{port}:1", "redis:8")
    try:
        root = project({"devenv.toml": manifest(port)})
        up(root)
        assert host_port(root) != port
    finally:
        docker("rm", "--force", holder)


def test_a_port_that_is_taken_after_it_was_found_free_moves(project: MakeProject, cli: Cli, tmp_path: Path) -> None:
    """Between the look at the port and the start of the container: no half-started container stays."""
    with occupied() as port:
        pass
    thief = socket.socket()
    stolen: list[str] = []

    def steal(number: int, line: str) -> None:
        if "/containers/create" in line and not stolen:
            stolen.append(line)
            thief.bind(("127.0.0.1", port))
            thief.listen()

    root = project({"devenv.toml": manifest(port)})
    with thief, proxy(tmp_path / "s", engine_socket(), steal) as between:
        result = cli("up", "-d", cwd=root, env={"DOCKER_HOST": between.url})
        assert result.code == 0, result.err
        assert host_port(root) != port
    assert [item["State"]["Status"] for item in all_containers(root)] == ["running"]


def test_a_port_that_is_taken_while_the_service_is_stopped_moves(project: MakeProject, up: Up, cli: Cli) -> None:
    with occupied() as port:
        pass
    root = project({"devenv.toml": manifest(port) + worker()})
    up(root)
    assert host_port(root) == port
    docker("stop", containers(root)["web"]["Id"])
    worker_before = starts(root)["worker"]
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", port))
        server.listen()
        up(root)
        assert host_port(root) != port
    assert starts(root)["worker"] == worker_before
