"""An engine that is not on this machine, as far as its address tells: this machine's, by its other address."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from devenv.engines.compose.endpoint import Endpoint
from tests.command_line import Cli
from tests.conftest import MakeProject
from tests.e2e.engine import engine_socket, running
from tests.e2e.watching import watching

ADDRESS = "127.9.9.9"
"""Of this machine, and none of those that devenv takes for it."""


@contextlib.contextmanager
def forwarded(target: str) -> Iterator[str]:
    """The engine's socket at a TCP port of that address."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((ADDRESS, 0))
        listener.listen(64)
        accepting = threading.Thread(target=_accept, args=(listener, target), daemon=True)
        accepting.start()
        yield f"tcp://{ADDRESS}:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
        accepting.join()


def _accept(listener: socket.socket, target: str) -> None:
    with contextlib.suppress(OSError):
        while True:
            client, _ = listener.accept()
            threading.Thread(target=_forward, args=(client, target), daemon=True).start()


def _forward(client: socket.socket, target: str) -> None:
    """One connection, both ways, until both sides have ended it."""
    with client, socket.socket(socket.AF_UNIX) as engine:
        engine.connect(target)
        back = threading.Thread(target=_pump, args=(engine, client), daemon=True)
        back.start()
        _pump(client, engine)
        back.join()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("unix:///var/run/docker.sock", True),
        ("tcp://127.0.0.1:2375", True),
        ("tcp://localhost:2375", True),
        ("tcp://[::1]:2375", True),
        ("tcp://10.0.0.7:2376", False),
        ("ssh://ada@build.example", False),
        ("ssh://ada@build.example:22/run/docker.sock", False),
    ],
)
def test_where_an_engine_is(url: str, here: bool) -> None:
    assert Endpoint(url, "a test").here is here


@pytest.mark.engine
def test_readiness_is_asked_inside_and_files_are_sent(project: MakeProject, cli: Cli) -> None:
    manifest = '[app]\nbuild = "."\nports = [8000]\nready = { http = "/" }\n[sidecars]\nredis = {}\npostgres = "17"\n'
    root: Path = project(
        {
            "devenv.toml": manifest,
            "Dockerfile": "FROM python:3.13-slim\nWORKDIR /app\nCOPY page .\n"
            'CMD ["python3", "-m", "http.server", "8000"]\n',
            "page": "one",
        }
    )
    with forwarded(engine_socket()) as url:
        remote = Cli(cli.folder, {**cli.env, "DOCKER_HOST": url})
        result = remote("up", "-d", cwd=root)
        assert result.code == 0, result.err
        assert running(root) == {"app", "redis", "postgres"}
        states = {each["state"] for each in remote("status", "--json", cwd=root).json()["services"]}
        assert states == {"ready"}
        with watching(remote, root) as seen:
            (root / "page").write_text("two")
            seen.reload(action="synced, restarted")
        assert remote("exec", "app", "--", "cat", "page", cwd=root).out == "two"
        assert remote("down", cwd=root).code == 0
