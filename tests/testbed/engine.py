"""Finds a usable Docker engine or runs one of its own; stops none but the one that it started."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
from pathlib import Path

from . import debian
from .layout import Layout
from .process import Process
from .shell import TestBedError, answers, run, say

OLDEST_COMPOSE = (2, 40, 3)
RELEASE = "testing"
PACKAGES = ("docker.io", "docker-cli", "containerd", "docker-compose", "docker-buildx", "tini-static")
START_SECONDS = 40
STOP_SECONDS = 40


def compose_version(env: dict[str, str] | None = None) -> tuple[int, ...] | None:
    """The Compose plugin's version, or None where the client has no such plugin."""
    try:
        text = run(["docker", "compose", "version", "--short"], env=env, timeout=20)
    except TestBedError:
        return None
    found = re.search(r"(\d+)\.(\d+)\.(\d+)", text)
    return tuple(int(part) for part in found.groups()) if found else None


def engine_answers(env: dict[str, str] | None = None) -> bool:
    return answers(["docker", "info", "--format", "{{.ServerVersion}}"], env=env, timeout=10)


def usable_engine_is_there() -> bool:
    """Whether the caller's own environment already leads to an engine that the tests can use."""
    if not engine_answers():
        return False
    found = compose_version()
    if found is None or found < OLDEST_COMPOSE:
        say(f"an engine answers, but its client's Compose is {found or 'missing'}: 2.40.3 or newer is needed")
        return False
    return True


def own_engine(layout: Layout) -> Process | None:
    """The engine that this test bed started earlier, if it still runs."""
    recorded = Process.read(layout.record)
    return recorded if recorded and recorded.alive() else None


def bring_up(layout: Layout) -> None:
    """Make sure that an engine answers: the caller's, the one started earlier, or a new one."""
    if own_engine(layout) and engine_answers(layout.client_environment()):
        say(f"the engine started earlier runs at {layout.socket}")
        return
    if usable_engine_is_there():
        say("a Docker engine already answers: using it, starting none")
        return
    debian.require_root_on_debian()
    prepare(layout)
    start(layout)


def prepare(layout: Layout) -> None:
    """Put the engine's programs into the cache folder, and the two that must be the distribution's into the system."""
    layout.base.mkdir(parents=True, exist_ok=True)
    layout.runtime.mkdir(parents=True, exist_ok=True)
    debian.install(["runc", "iptables"], ["runc", "iptables"])
    if not (layout.plugins / "docker-compose").exists():
        debian.unpack_from(RELEASE, PACKAGES, apt=layout.apt, downloads=layout.packages, target=layout.root)
    plugins = layout.client_config / "cli-plugins"
    shutil.rmtree(plugins, ignore_errors=True)
    plugins.mkdir(parents=True)
    for plugin in layout.plugins.iterdir():
        (plugins / plugin.name).symlink_to(plugin)
    found = compose_version(layout.client_environment())
    if found is None or found < OLDEST_COMPOSE:
        raise TestBedError(f"the Compose unpacked from Debian {RELEASE} does not run here (version: {found})")


def start(layout: Layout) -> None:
    """Start dockerd in a session of its own; where its default storage cannot work, once more with vfs."""
    stale = Process.read(layout.record)
    if stale and stale.alive():
        say(f"the engine with process id {stale.pid} runs but does not answer: stopping it")
        stale.stop(STOP_SECONDS)
    _drop_stale_files(layout)
    storage: tuple[str, ...]
    for storage in ((), ("--storage-driver", "vfs")):
        if _start_once(layout, storage):
            driver = run(["docker", "info", "--format", "{{.Driver}}"], env=layout.client_environment()).strip()
            if driver == "vfs":
                say("overlay storage does not work here: using vfs, which is slow and copies every layer")
            say(f"engine is up at {layout.socket}")
            return
        say(f"dockerd {' '.join(storage)} did not start")
    tail = "\n".join(layout.log.read_text(errors="replace").splitlines()[-25:])
    raise TestBedError(f"the engine did not start; the end of {layout.log}:\n{tail}")


def _drop_stale_files(layout: Layout) -> None:
    """Remove what an engine that ended without cleaning up left: its id may be another process' by now."""
    for left in (layout.record, layout.pidfile, layout.socket):
        left.unlink(missing_ok=True)


def _start_once(layout: Layout, storage: tuple[str, ...]) -> bool:
    path = os.pathsep.join([*map(str, layout.binaries), os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])
    command = [
        str(layout.binaries[1] / "dockerd"),
        *("--host", f"unix://{layout.socket}"),
        *("--data-root", str(layout.data)),
        *("--exec-root", str(layout.exec_root)),
        *("--pidfile", str(layout.pidfile)),
        *("--config-file", str(_daemon_settings(layout))),
        *storage,
    ]
    with layout.log.open("ab") as log:
        child = subprocess.Popen(
            command,
            env={**os.environ, "PATH": path},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd="/",
        )
    process = Process.of(child.pid)
    if process:
        process.write(layout.record)
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if child.poll() is not None:
            break
        if layout.socket.exists() and engine_answers(layout.client_environment()):
            return True
        time.sleep(0.1)
    else:
        child.terminate()
        child.wait(STOP_SECONDS)
    _drop_stale_files(layout)
    return False


def _daemon_settings(layout: Layout) -> Path:
    """Networks get the uplink's packet size: a larger one loses packets where a tunnel is below."""
    settings: dict[str, object] = {}
    size = _uplink_mtu()
    if size and size < 1500:
        option = {"com.docker.network.driver.mtu": str(size)}
        settings = {"mtu": size, "default-network-opts": {"bridge": option}}
    path = layout.base / "daemon.json"
    path.write_text(json.dumps(settings, indent=2) + "\n")
    return path


def _uplink_mtu() -> int | None:
    """The packet size of the interface with the default route."""
    try:
        routes = [line.split() for line in Path("/proc/net/route").read_text().splitlines()[1:]]
        uplink = next(route[0] for route in routes if route[1] == "00000000")
        return int(Path(f"/sys/class/net/{uplink}/mtu").read_text())
    except (OSError, StopIteration, IndexError, ValueError):
        return None


def take_down(layout: Layout) -> None:
    """Stop the engine that this test bed started, and no other; images and volumes stay."""
    process = own_engine(layout)
    if process is None:
        say("no engine of this test bed runs: nothing to stop")
        return
    if process.stop(STOP_SECONDS):
        say("engine stopped")
    else:
        say(f"the engine did not stop within {STOP_SECONDS} s and was killed")
    _drop_stale_files(layout)


def client_environment(layout: Layout) -> dict[str, str] | None:
    """The environment in which `docker` reaches the engine of `up`; None when there is none."""
    if own_engine(layout):
        return layout.client_environment()
    return dict(os.environ) if usable_engine_is_there() else None
