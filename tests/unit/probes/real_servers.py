"""Run real PostgreSQL and Redis servers in temporary folders; must not touch servers that it did not start."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

START_SECONDS = 20.0


def need(binary: str, package: str) -> str:
    """Return the path of a server binary, or skip the test with the Debian package that brings it."""
    # Debian keeps the binaries of each PostgreSQL version beside the search path, in a folder by version.
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name), reverse=True)
    found = shutil.which(binary, path=os.pathsep.join([os.environ.get("PATH", ""), *map(str, places)]))
    if found is None:
        pytest.skip(f"{binary} is not installed; the Debian package {package} brings it")
    return found


def free_port() -> int:
    """Return a loopback port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def unprivileged() -> dict[str, Any]:
    """Return the Popen arguments that drop root: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    entry = pwd.getpwnam("nobody")
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


@contextmanager
def home() -> Iterator[Path]:
    """Give a temporary folder that the unprivileged user owns; pytest's own are closed to it."""
    folder = Path(tempfile.mkdtemp(prefix="devenv-probe-"))
    try:
        if os.geteuid() == 0:
            entry = pwd.getpwnam("nobody")
            os.chown(folder, entry.pw_uid, entry.pw_gid)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run(folder: Path, *command: str) -> None:
    """Run a command to its end in folder; fail with what it printed."""
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=120, **unprivileged()
    )
    if done.returncode != 0:
        pytest.fail(f"{command[0]} failed: {done.stdout}{done.stderr}")


@contextmanager
def server(folder: Path, *command: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server in folder; stop it by its pid at the end."""
    with (folder / "server.log").open("ab") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, **unprivileged())
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


def wait_until(done: Callable[[], bool], process: subprocess.Popen[bytes], folder: Path) -> None:
    """Wait until done() is true; fail with the server's log when it exits or takes START_SECONDS."""
    end = time.monotonic() + START_SECONDS
    while not done():
        if process.poll() is not None or time.monotonic() > end:
            pytest.fail("the server did not start:\n" + (folder / "server.log").read_text(errors="replace"))
        time.sleep(0.02)
