"""`generate gitlab`: a job that tests the project, to be included; by `devenv run` or with GitLab's own services."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from devenv import __version__
from devenv.artifacts import MARKER, Artifact
from devenv.artifacts.yaml import Quoted
from devenv.generate.commented import Note, header, shown, written
from devenv.generate.repository import place, top
from devenv.generate.services import Carried, command, made
from devenv.generate.tested import Tested, find_out
from devenv.stack import Service, Stack, Vantage
from devenv.workflow import Session

# Beside the project: in it, it would go into the app's image; elsewhere, another job of the same runner would meet it.
_VENV = ('python3 -m venv "$CI_PROJECT_DIR.devenv"', 'export PATH="$CI_PROJECT_DIR.devenv/bin:$PATH"')


def paths(session: Session) -> list[Path]:
    """The file to include."""
    folder = place(session.project.root).replace("/", "-")
    name = f"devenv-{folder}.gitlab-ci.yml" if folder else "devenv.gitlab-ci.yml"
    return [top(session.project.root) / ".gitlab" / name]


def artifacts(session: Session, *, services: bool = False) -> list[Artifact]:
    """The job. Raises `InputError` where nothing tells how the project is tested."""
    stack, root = session.stack(), session.project.root
    [path] = paths(session)
    how = find_out(root, stack.ci)
    folder = place(root)
    job = _with_services(stack, how) if services else _by_run(stack, how)
    if folder:
        job["before_script"] = [shown(["cd", folder]), *job.get("before_script", [])]
    again = "devenv generate gitlab" + (" --services" if services else "")
    first = [
        f"{MARKER}; edit that and run `{again}`",
        f"in .gitlab-ci.yml: include: [{{ local: {path.relative_to(top(root)).as_posix()} }}]; keys that a job",
        "`devenv` has there, such as `stage`, `tags` or `rules`, win over these",
    ]
    told = notes(session, services=services)
    if told:
        first += ["", "What GitLab's services can't express of the manifest:"]
    document = {f"devenv-{folder.replace('/', '-')}" if folder else "devenv": job}
    return [Artifact(path, header(first, told) + written(document))]


def notes(session: Session, *, services: bool = False) -> list[str]:
    """What the job can't express, in words."""
    stack = session.stack()
    if not services:
        return []
    inside = stack.ci.inside
    extra = [f"the test runs in an image of its language, not in that of {inside}"] if inside else []
    ready = "GitLab waits until a port is open, not until a service is ready, and goes on where that takes too long"
    carried = Carried(stack, Vantage.NETWORK)
    return [*carried.notes(_limits), *([ready] if carried.services else []), *extra]


def _limits(service: Service) -> Iterator[str]:
    if made(service):
        yield f"{', '.join(path for path, _ in made(service))} is missing: no file can be put into a service"
    if service.shm_size:
        yield f"it has the runner's own shared memory, not {service.shm_size}"


def _by_run(stack: Stack, how: Tested) -> dict[str, Any]:
    """The job in which devenv brings up the sidecars: as processes in the job's own container, or by an engine."""
    inside = stack.ci.inside
    contained = [s.name for s in stack if s.role == "sidecar" and s.native is None and not s.profile]
    test = ["devenv", "run", *(["--in", inside] if inside else []), "--", *how.test]
    alone = not inside and not contained
    job: dict[str, Any] = {"stage": "test"}
    if alone:
        why = "Where no Docker engine answers, devenv runs the sidecars as processes beside the test."
        job |= {Note(why): None, "image": Quoted(how.image)}
    else:
        what = f"the image of {inside}" if inside else ", ".join(contained)
        why = f"For {what} it takes a runner with a Docker engine on its own machine (the shell executor), and Python."
        job |= {Note(f"{why} Give this job its `tags`."): None}
    before = [] if alone and how.in_python else list(_VENV)
    if alone and not how.in_python:
        before = ["apt-get update -qq && apt-get install -y -qq python3-venv", *before]
    extra = "[native]" if alone else ""
    before.append(f"pip install 'devenv-up{extra}=={__version__}'")
    before += [] if inside else [shown(words) for words in how.install]
    if not inside:  # else it would be a part of the build context
        job["variables"] = {"PIP_CACHE_DIR": Quoted("$CI_PROJECT_DIR/.cache/pip")}
        job["cache"] = {"key": "devenv-pip", "paths": [".cache/pip"]}
    return {**job, "before_script": before, "script": ["devenv generate --check", shown(test)]}


def _with_services(stack: Stack, how: Tested) -> dict[str, Any]:
    """The job with GitLab's own services, which needs no devenv."""
    carried = Carried(stack, Vantage.NETWORK)
    job = {
        "stage": "test",
        "image": Quoted(how.image),
        "services": [_service(carried, service) for service in carried.services],
        "variables": {name: _text(value) for name, value in carried.environment().items()},
        "before_script": [shown(words) for words in how.install],
        "script": [*(shown(words) for words in carried.setups()), shown(how.test)],
    }
    return {key: value for key, value in job.items() if value}


def _service(carried: Carried, service: Service) -> dict[str, Any]:
    entry = {
        "name": Quoted(service.image or ""),
        "alias": Quoted(service.name),
        "variables": {name: _text(carried.inside(text)) for name, text in service.env},
        "command": [Quoted(carried.inside(word)) for word in command(service)],
        "docker": {"user": Quoted(service.user)} if service.user else None,
    }
    return {key: value for key, value in entry.items() if value}


def _text(value: str) -> Quoted:
    """A value in which GitLab expands nothing."""
    return Quoted(value.replace("$", "$$"))
