"""Secrets: random per project, readable by their owner only, and nowhere that others look."""

from __future__ import annotations

import re
import stat
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.command_line import Cli
from tests.conftest import MakeProject, write_files
from tests.e2e.clients import addresses
from tests.e2e.conftest import Up
from tests.e2e.engine import containers, docker
from tests.e2e.manifests import BOTH, DOCKERFILE

pytestmark = pytest.mark.engine

CANARY = "canary-3f9b51c7"
MANIFEST = (
    '[app]\nbuild = "."\ncommand = ["python", "-c", "import signal; signal.pause()"]\n'
    'env_file = "private.env"\nsetup = ["true"]\nenv = { URL = "{postgres.url}?x=1" }\n' + BOTH
)
FILES = {"devenv.toml": MANIFEST, "Dockerfile": DOCKERFILE, ".dockerignore": "*.env", "private.env": f"KEY={CANARY}\n"}


def secrets_of(cli: Cli, root: Path) -> list[str]:
    """The project's private values."""
    env = addresses(cli, root)
    return [env["PGPASSWORD"], env["REDIS_PASSWORD"], CANARY]


@contextmanager
def command_lines() -> Iterator[set[str]]:
    """Every command line that any process of this machine has while the block runs, looked at all the time."""
    seen: set[str] = set()
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            for process in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    seen.add(process.read_bytes().decode(errors="replace"))
                except OSError:
                    continue

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        done.set()
        thread.join()


def test_no_secret_is_in_a_command_line_an_output_or_a_file_of_the_project(project: MakeProject, cli: Cli) -> None:
    root = project(FILES)
    said = ""
    with command_lines() as seen:
        for words in (
            ("up", "-d"),
            ("status",),
            ("up", "-d"),
            ("restart", "postgres"),
            ("config",),
            ("config", "--json"),
            ("logs",),
            ("connect", "postgres", "--", "-c", "select 1"),
            ("connect", "redis", "--", "ping"),
            ("generate", "compose"),
            ("down",),
            ("up", "-d", "postgres"),
        ):
            result = cli(*words, cwd=root)
            assert result.code == 0, result.err
            said += result.out + result.err
        private = secrets_of(cli, root)
        result = cli("destroy", "--yes", cwd=root)
        assert result.code == 0, result.err
        said += result.out + result.err
    assert any("compose" in line for line in seen), "the looking thread saw nothing"
    for secret in private:
        assert [line for line in seen if secret in line] == []
        assert secret not in said
    for file in root.rglob("*"):
        if file.is_file() and file.name not in ("private.env", ".env"):
            assert not any(secret in file.read_text(errors="replace") for secret in private), file


def test_state_and_values_are_for_their_owner_only_whatever_the_umask(project: MakeProject, cli: Cli) -> None:
    root = project(FILES)
    for words in (("up", "-d"), ("generate", "compose"), ("destroy", "--yes")):
        process = cli.start(*words, cwd=root, umask=0)
        _, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        state = Path(cli.env["DEVENV_STATE_HOME"])
        for path in (*state.rglob("*"), root / ".env"):
            if path.exists():
                wanted = 0o700 if path.is_dir() else 0o600
                assert stat.S_IMODE(path.stat().st_mode) == wanted, path
    assert not state.is_relative_to(root)


def test_two_projects_have_different_secrets_of_enough_randomness(tmp_path: Path, cli: Cli) -> None:
    one, other = (write_files(tmp_path / name / "shop", FILES) for name in ("one", "two"))
    first, second = secrets_of(cli, one)[:2], secrets_of(cli, other)[:2]
    assert len({*first, *second}) == 4
    assert all(re.fullmatch("[0-9a-f]{32,}", secret) for secret in (*first, *second))


def test_git_never_sees_a_secret(project: MakeProject, up: Up, cli: Cli) -> None:
    root = project({**FILES, ".gitignore": "private.env\n"})
    subprocess.run(["git", "init", "-q"], cwd=root, check=True, timeout=60)
    up(root)
    assert cli("generate", "compose", cwd=root).code == 0
    subprocess.run(["git", "add", "-A"], cwd=root, check=True, timeout=60)
    tracked = subprocess.run(["git", "ls-files"], cwd=root, check=True, capture_output=True, encoding="utf-8").stdout
    assert set(tracked.split()) == {
        "devenv.toml", "Dockerfile", ".dockerignore", ".gitignore", "compose.yaml"
    }  # fmt: skip
    for name in tracked.split():
        assert not any(secret in (root / name).read_text() for secret in secrets_of(cli, root)), name


def test_the_image_carries_no_secret(project: MakeProject, up: Up, cli: Cli) -> None:
    root = project(FILES)
    up(root)
    image = containers(root)["app"]["Config"]["Image"]
    told = docker("image", "history", "--no-trunc", image) + docker("image", "inspect", image)
    assert not any(secret in told for secret in secrets_of(cli, root))
