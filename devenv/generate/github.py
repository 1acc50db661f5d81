"""`generate github`: a workflow that tests the project, by `devenv run` or with GitHub's own services."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from devenv import __version__
from devenv.artifacts import MARKER, Artifact
from devenv.artifacts.yaml import Block, Quoted
from devenv.engines.compose.mirror import VARIABLE as MIRROR
from devenv.engines.compose.render import BUILD_CACHE
from devenv.errors import InputError
from devenv.generate.commented import Note, header, shown, written
from devenv.generate.repository import place, top
from devenv.generate.services import Carried, command, made
from devenv.generate.tested import Tested, find_out, projects
from devenv.stack import Service, Stack, Vantage
from devenv.workflow import Session

Step = dict[str, Any]

_END = "END_OF_FILE"


def paths(session: Session) -> list[Path]:
    """The workflow's file: GitHub looks at the top of the repository only."""
    folder = place(session.project.root).replace("/", "-")
    return [top(session.project.root) / ".github/workflows" / (f"devenv-{folder}.yml" if folder else "devenv.yml")]


def artifacts(session: Session, *, services: bool = False) -> list[Artifact]:
    """The workflow. Raises `InputError` where nothing tells how the project is tested."""
    stack, root = session.stack(), session.project.root
    folder = place(root)
    how = find_out(root, stack.ci, folder)
    job = _with_services(stack, how) if services else _by_run(stack, how)
    document: dict[str, Any] = {
        "name": f"devenv {folder}" if folder else "devenv",
        "on": {"push": {"branches": ["main", "master"]}, "pull_request": {}},
        "permissions": {"contents": "read"},
        **({"defaults": {"run": {"working-directory": Quoted(folder)}}} if folder else {}),
        "jobs": {"test": job},
    }
    again = "devenv generate github" + (" --services" if services else "")
    first = [f"{MARKER}; edit that and run `{again}`"]
    told = notes(session, services=services)
    if told:
        first += ["", "What GitHub's services can't express of the manifest:"]
    return [Artifact(paths(session)[0], header(first, told) + written(document))]


def notes(session: Session, *, services: bool = False) -> list[str]:
    """What the workflow can't express, in words."""
    stack = session.stack()
    if not services:
        return []
    inside = stack.ci.inside
    extra = [f"the test runs on the runner, not in the image of {inside}"] if inside else []
    return [*Carried(stack, Vantage.HOST).notes(_limits), *extra]


def _limits(service: Service) -> Iterator[str]:
    if service.health is None:
        yield "GitHub does not wait until it is ready: nothing asks inside (`ready` by `http` or `command` does)"
    if made(service) and not service.provision:
        yield f"{', '.join(path for path, _ in made(service))} is missing: no file can be put in before it starts"


def _by_run(stack: Stack, how: Tested) -> dict[str, Any]:
    """The job that needs nothing but devenv: `devenv run` brings up the same sidecars as on every machine."""
    inside = stack.ci.inside
    where = ["--in", inside] if inside else []
    test: Step = {
        "name": "Test",
        "run": _escaped(shown(["devenv", "run", *where, "--", *how.test])),
    }
    steps: list[Step] = [_checkout(), *_languages(stack, how, devenv=True)]
    steps.append({"name": "Install devenv", "run": f"pip install devenv-up=={__version__}"})
    steps += _installs(how) if not inside else []
    check = {"name": "Compare generated files with the manifest", "run": "devenv generate --check"}
    steps.append(check)
    if inside and stack[inside].build:
        steps += _layers()
        test["env"] = {
            "BUILDX_BUILDER": "${{ steps.buildx.outputs.name }}",
            BUILD_CACHE: "type=gha",
        }
    return {
        "runs-on": "ubuntu-latest",
        "timeout-minutes": 30,
        "env": {
            Note(
                "Docker Hub's images by way of a mirror, where the repository's variable of this name holds one."
            ): None,
            MIRROR: f"${{{{ vars.{MIRROR} }}}}",
        },
        "steps": [*steps, test],
    }


def _checkout() -> Step:
    return {"uses": projects()["actions"]["checkout"]}


def _languages(stack: Stack, how: Tested, *, devenv: bool) -> Iterator[Step]:
    """Python for devenv or for the project, and the project's own language."""
    here = not devenv or not stack.ci.inside
    if devenv or how.in_python:
        settings: dict[str, str] = {"python-version": Quoted(stack.ci.python)}
        if here and how.in_python and how.told_by:
            settings |= {"cache": "pip", "cache-dependency-path": Quoted(f"{how.place}{how.told_by}")}
        yield {"uses": projects()["actions"]["python"], "with": settings}
    if here and how.uses:
        yield {"uses": how.uses, "with": dict(how.settings)}


def _installs(how: Tested) -> Iterator[Step]:
    for words in how.install:
        step: Step = {"run": _escaped(shown(words))}
        yield step if how.own else {Note(f"Told by {how.told_by}; `[ci] install` in the manifest wins."): None, **step}


def _layers() -> Iterator[Step]:
    """What a build needs for keeping its layers in GitHub's cache."""
    actions = projects()["actions"]
    why = "The app's image is built with the layers of earlier runs: the default builder can't keep them."
    yield {Note(why): None, "uses": actions["buildx"], "id": "buildx"}
    yield {Note("Tells the builder where GitHub's cache is."): None, "uses": actions["runtime"]}


def _with_services(stack: Stack, how: Tested) -> dict[str, Any]:
    """The job with GitHub's own services, which needs no devenv."""
    carried = Carried(stack, Vantage.HOST)
    job: dict[str, Any] = {
        Note("Services are there on Linux only."): None,
        "runs-on": "ubuntu-latest",
        "timeout-minutes": 30,
        "services": {service.name: _service(carried, service) for service in carried.services},
        "env": {name: _text(value) for name, value in carried.environment().items()},
    }
    completed = (step for service in carried.services for step in _completed(carried, service))
    setups = ({"name": "Set up", "run": _escaped(shown(words))} for words in carried.setups())
    test = {"name": "Test", "run": _escaped(shown(how.test))}
    job["steps"] = [_checkout(), *completed, *_languages(stack, how, devenv=False), *_installs(how), *setups, test]
    return {key: value for key, value in job.items() if value or isinstance(key, Note)}


def _service(carried: Carried, service: Service) -> dict[str, Any]:
    if not service.name[0].isalpha():
        raise InputError(f"`{service.name}` can't be the name of one of GitHub's services: it begins with no letter")
    ports = carried.bindings.ports
    entry = {
        "image": Quoted(service.image or ""),
        "env": {name: _text(carried.inside(text)) for name, text in service.env},
        "ports": [Quoted(f"{ports[service.name, port.container]}:{port.container}") for port in service.ports],
        "options": _text(" ".join(_options(carried, service))),
        "command": _text(_line([carried.inside(word) for word in command(service)])),
    }
    return {key: value for key, value in entry.items() if value}


def _options(carried: Carried, service: Service) -> Iterator[str]:
    """`docker create`'s own options; a health check is what GitHub waits for."""
    if service.user:
        yield f"--user {service.user}"
    if service.shm_size:
        yield f"--shm-size {service.shm_size}"
    if service.health:
        words = [carried.inside(word) for word in service.health.command]
        asks = words[2] if words[:2] == ["sh", "-c"] and len(words) == 3 else shlex.join(words)
        yield f"--health-cmd {_line([asks])}"
        yield "--health-interval 2s --health-timeout 10s --health-retries 60"


def _line(words: list[str]) -> str:
    """Words as the runner takes them apart: it hands the text to .NET, whose only quote is `"`."""
    return " ".join(_word(word) for word in words)


def _word(word: str) -> str:
    if word and not any(sign in word for sign in ' \t\n"'):
        return word
    # Backslashes are doubled where a quote follows, and stand for themselves everywhere else.
    return '"' + re.sub(r'(\\*)"', r'\1\1\\"', re.sub(r"(\\+)$", r"\1\1", word)) + '"'


def _completed(carried: Carried, service: Service) -> Iterator[Step]:
    """A step that puts files into a service which runs already, and has it take them in."""
    if not (made(service) and service.provision):
        return
    script = ""
    for path, content in made(service):
        text = carried.inside(content)
        into = shown(["sh", "-c", f'mkdir -p "$(dirname {path})" && cat > {path}'])
        script += f"docker exec -i \"$ID\" {into} <<'{_END}'\n{text}{'' if text.endswith(chr(10)) else chr(10)}{_END}\n"
    script += 'docker exec "$ID" ' + shown([carried.inside(word) for word in service.provision]) + "\n"
    yield {
        Note("A service can be given no file, so this one gets it while it runs."): None,
        "name": f"Complete {service.name}",
        "env": {"ID": f"${{{{ job.services.{service.name}.id }}}}"},
        "run": Block(_escaped(script)),
    }


def _text(value: str) -> str:
    return Quoted(_escaped(value)) if value else value


def _escaped(text: str) -> Any:
    """The text, in which GitHub finds no expression."""
    kind = type(text)
    return kind(text.replace("${{", "${{ '${{' }}"))
