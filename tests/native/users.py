"""The command line as another user of this machine, with a home of his own, for tests that root runs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.command_line import ROOT, Cli, isolated

NOBODY, STRANGER = 65534, 54321
"""Numbers of users; nothing of this machine belongs to the second."""
needs_root = pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("setpriv"), reason="only root can be somebody else (by setpriv)"
)


def words_of(user: int) -> list[str]:
    """What has to stand before a command so that a user runs it."""
    return ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", "--bounding-set=-all"]


@dataclass(frozen=True)
class UsersCli(Cli):
    """`devenv` as somebody else runs it."""

    python: str

    def argv(self, *words: str | Path) -> list[str]:  # type: ignore[override]
        """The whole command."""
        return [*words_of(NOBODY), self.python, "-m", "devenv", *(str(word) for word in words)]


@contextmanager
def home() -> Iterator[Path]:
    """A folder of nobody's that he can reach; pytest's own are for whoever runs the tests."""
    folder = Path(tempfile.mkdtemp(prefix="devenv-test-", dir="/tmp"))
    try:
        os.chown(folder, NOBODY, NOBODY)
        folder.chmod(0o700)
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def python_in(folder: Path) -> Iterator[str]:
    """This interpreter at a path that everyone can reach: that of whoever runs the tests may be in his home."""
    folder.mkdir()
    with _mounted(folder, "--bind", sys.base_prefix):
        yield str(folder / "bin" / f"python3.{sys.version_info.minor}")


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[None]:
    """A file system of this size on a folder."""
    folder.mkdir(exist_ok=True)
    options = f"size={size},uid={NOBODY},gid={NOBODY},mode=0700"
    with _mounted(folder, "-t", "tmpfs", "-o", options, "tmpfs"):
        yield


@contextmanager
def _mounted(folder: Path, *what: str) -> Iterator[None]:
    subprocess.run(["mount", *what, str(folder)], check=True, capture_output=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
        folder.rmdir()


def resize(folder: Path, how: str) -> None:
    """Give a small disk another size, or make it read-only."""
    subprocess.run(["mount", "-o", f"remount,{how}", str(folder)], check=True)


def environment(home: Path, state: Path) -> dict[str, str]:
    """The isolated environment in nobody's home, which is made his."""
    env = isolated(home, engine=False)
    os.chown(home / "home", NOBODY, NOBODY)
    packages = f"{ROOT}{os.pathsep}{sysconfig.get_path('purelib')}"
    return {**env, "DEVENV_ENGINE": "native", "DEVENV_STATE_HOME": str(state), "PYTHONPATH": packages}
