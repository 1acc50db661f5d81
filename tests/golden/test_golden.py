"""Each folder is a manifest and the compose files it must come to: the committed one and this machine's own.

`pytest --update-golden` writes the expected files anew; the diff is what a reviewer reads.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from devenv.artifacts.compose import Target, render
from devenv.project import load, locate
from devenv.stack import Bindings, Stack
from tests.command_line import ROOT

HERE = Path(__file__).parent
ELSEWHERE = {"shop": ROOT / "examples/shop/devenv.toml", "every-feature": ROOT / "devenv.toml.example"}
"""Cases whose manifest is one that people read."""

CASES = {
    "minimal": "an app and nothing else: no volume, no port, no health check",
    "shop": "the example: web and worker of one image, setup, five sidecars",
    "every-feature": "devenv.toml.example",
    "web-and-worker": "one build, one image; two setups in a row; the worker waits for less",
    "custom-image": "no recipe: quoting, dollars and braces, several ports, health from `ready`",
    "postgres-18": "the data path moved in 18; adminer finds the database",
    "valkey": "a recipe that extends another, under another name, with options",
    "arguments": "args, env, image and a host port over a recipe",
    "profiles": "optional parts, and who needs them",
    "init-scripts": "databases × extensions in the generated file, the user's own files numbered behind it",
    "two-postgres": "two of one recipe: prefixed exports, secrets of their own",
}

PORTABLE, BOUND = "compose.portable.yaml", "compose.bound.yaml"


def stack_of(case: str, folder: Path) -> Stack:
    """The case's stack, resolved as the command line does it, in a folder of the case's name."""
    root = folder / case
    shutil.copytree(HERE / case, root)
    if case in ELSEWHERE:
        shutil.copy(ELSEWHERE[case], root / "devenv.toml")
    return load(locate(root / "devenv.toml"))


def bindings_of(stack: Stack) -> Bindings:
    ports = {(service.name, port.container): port.host + 10000 for service in stack for port in service.ports}
    private = {(service.name, secret.name): "never in a file" for service in stack for secret in service.secrets}
    return Bindings(ports, private)


def portable(stack: Stack) -> str:
    return render(stack, Target(stack.name))


def bound(stack: Stack) -> str:
    target = Target(f"{stack.name}-0123abcd", root="..", path="/where/it/is", bindings=bindings_of(stack))
    return render(stack, target)


def compare(expected: Path, text: str, *, update: bool) -> None:
    if update:
        expected.write_text(text, encoding="utf-8")
    assert text == expected.read_text(encoding="utf-8")


@pytest.fixture
def update(pytestconfig: pytest.Config) -> bool:
    return bool(pytestconfig.getoption("--update-golden"))


@pytest.mark.parametrize("case", CASES)
def test_the_committed_compose_file(case: str, tmp_path: Path, update: bool) -> None:
    compare(HERE / case / PORTABLE, portable(stack_of(case, tmp_path)), update=update)


@pytest.mark.parametrize("case", CASES)
def test_the_compose_file_of_this_machine(case: str, tmp_path: Path, update: bool) -> None:
    compare(HERE / case / BOUND, bound(stack_of(case, tmp_path)), update=update)


@pytest.mark.parametrize("case", CASES)
def test_no_secret_and_no_path_of_this_machine_is_in_a_file(case: str, tmp_path: Path) -> None:
    stack = stack_of(case, tmp_path)
    given = {secret.value for service in stack for secret in service.secrets if secret.value}
    for text in (portable(stack), bound(stack)):
        assert "never in a file" not in text
        assert str(tmp_path) not in text
        assert not [value for value in given if value in text]


def test_every_folder_is_a_case() -> None:
    assert {path.name for path in HERE.iterdir() if path.is_dir() and path.name != "__pycache__"} == set(CASES)


def test_every_expected_file_is_compared() -> None:
    assert {path.name for path in HERE.rglob("compose*")} == {PORTABLE, BOUND}
