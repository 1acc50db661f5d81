"""What all tests share: a home of their own, project folders, the real command line, and an engine where one is asked.

A test marked `engine` gets the machine's Docker engine, or the test bed's; where none is to be had it is left out, and
one line at the end says so. A test without the mark can't reach an engine at all.
"""

from __future__ import annotations

import gc
import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

import hypothesis
import pytest
from hypothesis import configuration, database

from tests import engine_for_tests
from tests.command_line import ROOT, Cli, isolated

Files = Mapping[str, str | bytes]
MakeProject = Callable[..., Path]

_SAID = pytest.StashKey[list[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the expected files of tests/golden anew")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_SAID] = []
    engine_for_tests.remember_home()
    folder = ROOT / ".hypothesis"
    configuration.set_hypothesis_home_dir(folder)
    kept = database.DirectoryBasedExampleDatabase(folder / "examples")
    hypothesis.settings.register_profile("quick", max_examples=25, deadline=None, database=kept)
    hypothesis.settings.register_profile("soak", max_examples=2000, deadline=None, database=kept)
    hypothesis.settings.load_profile("soak" if os.environ.get("DEVENV_SOAK") else "quick")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Bring up an engine if a chosen test needs one; leave these tests out where none is to be had."""
    wanting = [item for item in items if item.get_closest_marker("engine")]
    if not wanting or config.option.collectonly:
        return
    no_engine, no_images = engine_for_tests.ensure()
    if no_engine:
        config.hook.pytest_deselected(items=wanting)
        items[:] = [item for item in items if item not in wanting]
        noun = "test that needs" if len(wanting) == 1 else "tests that need"
        config.stash[_SAID].append(f"left out {len(wanting)} {noun} a Docker engine: {no_engine}")
    if no_images:
        config.stash[_SAID].append(f"not all images are there, tests that need them fail: {no_images}")


def pytest_collection_finish() -> None:
    """What is there by now stays to the end: looking through it for garbage again and again is a tenth of the time."""
    gc.collect()
    gc.freeze()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In a worker of pytest-xdist: hand what was left out to the process that prints the summary."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["said"] = session.config.stash[_SAID]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: object, error: object) -> None:
    """All workers collect the same tests, so the first one's word is enough."""
    said: list[str] = node.config.stash[_SAID]  # type: ignore[attr-defined]
    if not said:
        said += getattr(node, "workeroutput", {}).get("said", [])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for line in config.stash[_SAID]:
        terminalreporter.write_line(line, yellow=True)


@pytest.fixture(scope="session")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for what every test gets: pytest's own numbered ones take longer with each that is there already."""
    return tmp_path_factory.mktemp("machines")


@pytest.fixture(autouse=True)
def environment(request: pytest.FixtureRequest, machines: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The isolated environment, in force in this process too; the working directory is an empty folder."""
    base = machines / secrets.token_hex(6)
    isolated_environment = isolated(base, engine=request.node.get_closest_marker("engine") is not None)
    for name in os.environ.keys() - isolated_environment.keys() - {"PYTEST_CURRENT_TEST"}:
        monkeypatch.delenv(name)
    for name, value in isolated_environment.items():
        monkeypatch.setenv(name, value)
    elsewhere = base / secrets.token_hex(4)
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    return isolated_environment


@pytest.fixture
def project(tmp_path: Path) -> MakeProject:
    """Make a project's folder: `project({"devenv.toml": "…"}, name="shop")` writes the files and gives the path."""

    def make(files: Files, name: str = "shop") -> Path:
        return write_files(tmp_path / name, files)

    return make


def write_files(folder: Path, files: Files) -> Path:
    """Write files, by their path relative to the folder, and give the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


@pytest.fixture
def cli(environment: dict[str, str]) -> Cli:
    """The real command line in its own process: `cli("up", "-d", cwd=folder)`."""
    return Cli(Path.cwd(), environment)


@pytest.fixture(scope="session")
def session_cli(tmp_path_factory: pytest.TempPathFactory) -> Cli:
    """The same for fixtures that many engine tests share; its state is the session's."""
    base = tmp_path_factory.mktemp("session")
    return Cli(base, isolated(base, engine=True))
