"""What CI gets of a manifest: the workflow and the job that each case must come to, and whether a linter takes it."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from devenv.generate import KINDS
from devenv.workflow import Session
from tests.golden.test_golden import ELSEWHERE, HERE, compare
from tests.testbed.actionlint import actionlint
from tests.testbed.layout import current_layout
from tests.testbed.shell import TestBedError

CASES = {
    "minimal": ("go.mod", "no sidecar; told by go.mod"),
    "shop": ("requirements-dev.txt", "five sidecars, a setup; told by a file of requirements"),
    "every-feature": ("uv.lock", "a test inside of the app's image, a host app, sidecars without a recipe"),
    "custom-image": ("package-lock.json", "quoting in commands and health checks, dollars, needs; told by npm's lock"),
    "init-scripts": ("pyproject.toml", "the repository's own files, which no service gets"),
    "two-postgres": ("Gemfile", "one host port asked for twice"),
}
FORMS = {
    "github.yml": ("github", False),
    "github.services.yml": ("github", True),
    "gitlab.yml": ("gitlab", False),
    "gitlab.services.yml": ("gitlab", True),
}
WORKFLOWS = [HERE / case / form for case in CASES for form in FORMS if form.startswith("github")]
JOBS = [HERE / case / form for case in CASES for form in FORMS if form.startswith("gitlab")]

NOT_KNOWN_YET = 'unexpected key "command" for "services" section'
"""GitHub has had it since 2026-04, actionlint has not: rhysd/actionlint#644."""

# As of the session's start: tests have a home of their own.
LAYOUT, ENVIRONMENT = current_layout(), dict(os.environ)

# https://docs.gitlab.com/ci/yaml: what these keys may hold, as far as we use them.
JOB = {
    "stage": str,
    "image": str,
    "services": list,
    "variables": dict,
    "cache": dict,
    "before_script": list,
    "script": list,
}
SERVICE = {"name": str, "alias": str, "variables": dict, "command": list, "docker": dict}


def text_of(case: str, form: str, folder: Path) -> str:
    root = folder / case
    shutil.copytree(HERE / case, root)
    if case in ELSEWHERE:
        shutil.copy(ELSEWHERE[case], root / "devenv.toml")
    (root / CASES[case][0]).touch()
    name, services = FORMS[form]
    kind = replace(next(kind for kind in KINDS if kind.name == name), services=services)
    [artifact] = kind.artifacts(Session.at(root, None))
    return artifact.text


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("case", CASES)
def test_the_file(case: str, form: str, tmp_path: Path, pytestconfig: pytest.Config) -> None:
    update = bool(pytestconfig.getoption("--update-golden"))
    compare(HERE / case / form, text_of(case, form, tmp_path), update=update)


@pytest.fixture(scope="module")
def lint() -> Path:
    try:
        return actionlint(LAYOUT, ENVIRONMENT)
    except TestBedError as error:
        pytest.skip(f"no actionlint: {error}")


@pytest.mark.servers  # it is built first, which takes longer than `make check` may
@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_actionlint_finds_nothing(path: Path, lint: Path) -> None:
    options = ["-ignore", NOT_KNOWN_YET] if "services" in path.name else []
    done = subprocess.run([lint, "-no-color", *options, path], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.servers
def test_actionlint_looks(lint: Path, tmp_path: Path) -> None:
    text = (HERE / "shop/github.yml").read_text().replace("timeout-minutes", "timeout-minuets")
    (tmp_path / "wrong.yml").write_text(text)
    done = subprocess.run([lint, "-no-color", tmp_path / "wrong.yml"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "timeout-minuets" in done.stdout


@pytest.mark.parametrize("path", JOBS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_gitlab_knows_every_key(path: Path) -> None:
    [(name, job)] = yaml.safe_load(path.read_text()).items()
    assert name == "devenv"
    check(job, JOB)
    assert job["script"]
    assert all(isinstance(line, str) for line in [*job["script"], *job.get("before_script", [])])
    services = job.get("services", [])
    for service in services:
        check(service, SERVICE)
        assert all(isinstance(word, str) for word in service.get("command", []))
    for variables in [job.get("variables", {}), *(service.get("variables", {}) for service in services)]:
        assert all(isinstance(value, str) for value in variables.values())
    assert len({service["alias"] for service in services}) == len(services)


def check(value: dict[str, Any], known: dict[str, type]) -> None:
    assert {key: type(item) for key, item in value.items() if type(item) is not known.get(key)} == {}


def test_no_secret_of_this_machine_is_in_a_file() -> None:
    for path in (*WORKFLOWS, *JOBS):
        assert path.read_text().count("TOKEN") == 0, path


def test_every_expected_file_is_compared() -> None:
    found = {path for pattern in ("github*", "gitlab*") for path in HERE.rglob(pattern)}
    assert found == {HERE / case / form for case in CASES for form in FORMS}
