"""What the engine itself says of a project, by its API and its client; nothing of devenv is asked."""

from __future__ import annotations

import functools
import http.client
import json
import os
import socket
import subprocess
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote

PATH_LABEL = "devenv.path"
SERVICE_LABEL = "devenv.service"
PROJECT_LABEL = "devenv.project"

Item = dict[str, Any]


def docker(*words: str, stdin: str = "", timeout: float = 120) -> str:
    """Run the docker client and give its stdout; it has to end well."""
    done = subprocess.run(
        ["docker", *words], input=stdin, capture_output=True, encoding="utf-8", errors="replace", timeout=timeout
    )
    assert done.returncode == 0, f"docker {' '.join(words)}: {done.stderr}"
    return done.stdout.strip()


def docker_bytes(*words: str, timeout: float = 120) -> bytes:
    """As `docker`, for output that is no text."""
    done = subprocess.run(["docker", *words], capture_output=True, timeout=timeout)
    assert done.returncode == 0, f"docker {' '.join(words)}: {done.stderr.decode(errors='replace')}"
    return done.stdout


@functools.cache
def engine_socket() -> str:
    """The path of the engine's socket."""
    host = os.environ.get("DOCKER_HOST") or docker("context", "inspect", "--format", "{{.Endpoints.docker.Host}}")
    assert host.startswith("unix://"), f"these tests look at an engine on this machine, not at {host}"
    return host.removeprefix("unix://")


class _Connection(http.client.HTTPConnection):
    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(engine_socket())


def api(method: str, path: str) -> Any:
    """One call to the engine; None for what is not there."""
    connection = _Connection("docker", timeout=60)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        body = answer.read()
    finally:
        connection.close()
    if answer.status == 404:
        return None
    assert answer.status < 400, f"{method} {path}: {body!r}"
    return json.loads(body) if body.strip() else None


def inspected(kind: str, *names: str) -> list[Item]:
    """The engine's own description of objects; those that are gone by now are left out."""
    suffix = "/json" if kind in ("container", "image") else ""
    found = (api("GET", f"/{kind}s/{name}{suffix}") for name in names)
    return [item for item in found if item is not None]


def labelled(kind: str, label: str) -> list[str]:
    """The ids (names of volumes) of everything with a label."""
    filters = quote(json.dumps({"label": [label]}))
    if kind == "container":
        return [item["Id"] for item in api("GET", f"/containers/json?all=1&filters={filters}")]
    found = api("GET", f"/{kind}s?filters={filters}")
    return [item["Name"] for item in found["Volumes"] or ()] if kind == "volume" else [item["Id"] for item in found]


def all_containers(root: Path) -> list[Item]:
    """Every container that says it belongs to the folder."""
    return inspected("container", *labelled("container", f"{PATH_LABEL}={root.resolve()}"))


def containers(root: Path) -> dict[str, Item]:
    """The folder's containers by service, of which each has exactly one."""
    found = all_containers(root)
    result = {item["Config"]["Labels"][SERVICE_LABEL]: item for item in found}
    assert len(result) == len(found), f"several containers of one service: {sorted(c['Name'] for c in found)}"
    return result


def starts(root: Path) -> dict[str, tuple[str, str]]:
    """For each running service its container and when that started: equal before and after means untouched."""
    return {
        name: (item["Id"], item["State"]["StartedAt"])
        for name, item in containers(root).items()
        if item["State"]["Running"]
    }


def running(root: Path) -> set[str]:
    """The services whose container runs."""
    return set(starts(root))


def volumes(root: Path) -> list[str]:
    """The folder's volumes."""
    return sorted(labelled("volume", f"{PATH_LABEL}={root.resolve()}"))


def networks(root: Path) -> list[str]:
    """The folder's networks."""
    return labelled("network", f"{PATH_LABEL}={root.resolve()}")


def project_id(root: Path) -> str:
    """The project's name for the engine, as its containers carry it."""
    return str(all_containers(root)[0]["Config"]["Labels"][PROJECT_LABEL])


def published(container: Item) -> dict[int, tuple[str, int]]:
    """Container port → (address, port) on this machine."""
    ports = container["NetworkSettings"]["Ports"]
    return {
        int(inside.partition("/")[0]): (bound["HostIp"], int(bound["HostPort"]))
        for inside, bindings in ports.items()
        for bound in bindings or ()
    }


def remove_everything_below(folder: Path) -> None:
    """Remove all that carries the path of a folder below this one, by id: for the end of a test, however it ended."""
    base = folder.resolve()

    def ours(kind: str) -> list[Item]:
        found = inspected(kind, *labelled(kind, PATH_LABEL))
        return [item for item in found if Path(_labels(item)[PATH_LABEL]).is_relative_to(base)]

    found = {kind: ours(kind) for kind in ("container", "volume", "network")}
    projects = {_labels(item)[PROJECT_LABEL] for items in found.values() for item in items}
    _each(lambda item: api("DELETE", f"/containers/{item['Id']}?force=1&v=1"), found["container"])
    _each(lambda item: api("DELETE", f"/volumes/{item['Name']}"), found["volume"])
    _each(lambda item: api("DELETE", f"/networks/{item['Id']}"), found["network"])
    for project in projects:
        listed = api("GET", f"/images/json?filters={quote(json.dumps({'reference': [f'{project}-*']}))}")
        _each(lambda tag: api("DELETE", f"/images/{tag}?force=1"), [tag for item in listed for tag in item["RepoTags"]])


def _each(act: Callable[[Any], object], items: Iterable[Any]) -> None:
    with ThreadPoolExecutor(max_workers=8) as pool:
        list(pool.map(act, items))


def _labels(item: Item) -> dict[str, str]:
    labels: dict[str, str] = item.get("Labels") or item["Config"]["Labels"]
    return labels
