"""What the engine itself says of a project, asked with the docker client and never with code of devenv."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

PATH_LABEL = "devenv.path"
SERVICE_LABEL = "devenv.service"
PROJECT_LABEL = "devenv.project"


def docker(*words: str, stdin: str = "", timeout: float = 120) -> str:
    """Run the docker client and give its stdout; it has to end well."""
    done = subprocess.run(
        ["docker", *words], input=stdin, capture_output=True, encoding="utf-8", errors="replace", timeout=timeout
    )
    assert done.returncode == 0, f"docker {' '.join(words)}: {done.stderr}"
    return done.stdout.strip()


def inspected(kind: str, *names: str) -> list[dict[str, Any]]:
    """The engine's own description of objects; those that are gone by now are left out."""
    done = subprocess.run(["docker", kind, "inspect", *names], capture_output=True, encoding="utf-8", timeout=60)
    result: list[dict[str, Any]] = json.loads(done.stdout or "[]")
    return result


def labelled(kind: str, label: str) -> list[str]:
    """The ids (names of volumes) of everything with a label."""
    everything = ["--all"] if kind == "container" else []
    return docker(kind, "ls", "--quiet", *(["--no-trunc"] if kind == "container" else []), *everything,
                  "--filter", f"label={label}").split()  # fmt: skip


def all_containers(root: Path) -> list[dict[str, Any]]:
    """Every container that says it belongs to the folder."""
    ids = labelled("container", f"{PATH_LABEL}={root.resolve()}")
    return inspected("container", *ids) if ids else []


def containers(root: Path) -> dict[str, dict[str, Any]]:
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
    return str(next(iter(all_containers(root)))["Config"]["Labels"][PROJECT_LABEL])


def published(container: dict[str, Any]) -> dict[int, tuple[str, int]]:
    """Container port → (address, port) on this machine."""
    ports = container["NetworkSettings"]["Ports"]
    return {
        int(inside.partition("/")[0]): (bound["HostIp"], int(bound["HostPort"]))
        for inside, bindings in ports.items()
        for bound in bindings or ()
    }


def remove_everything_below(folder: Path) -> None:
    """Remove all that carries the path of a folder below this one, by id: for the end of a test, however it ended."""

    def ours(kind: str) -> list[dict[str, Any]]:
        ids = labelled(kind, PATH_LABEL)
        found = inspected(kind, *ids) if ids else []
        return [item for item in found if Path(_labels(item)[PATH_LABEL]).is_relative_to(folder.resolve())]

    doomed = ours("container")
    projects = {_labels(item)[PROJECT_LABEL] for kind in ("container", "volume", "network") for item in ours(kind)}
    images = [name for project in projects for name in _images_of(project)]
    if doomed:
        docker("rm", "--force", "--volumes", *(item["Id"] for item in doomed))
    for kind, key in (("volume", "Name"), ("network", "Id")):
        if found := [item[key] for item in ours(kind)]:
            docker(kind, "rm", *found)
    if images:
        docker("image", "rm", "--force", *images)


def _images_of(project: str) -> list[str]:
    listed = docker("image", "ls", "--format", "{{.Repository}}", "--filter", f"reference={project}-*")
    return [f"{name}:latest" for name in listed.split()]


def _labels(item: dict[str, Any]) -> dict[str, str]:
    labels: dict[str, str] = item.get("Labels") or item["Config"]["Labels"]
    return labels
