"""The command line as another user of this machine, with a home of his own, for tests that root runs."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.command_line import ROOT, Cli, isolated

NOBODY = "nobody"
needs_root = pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("setpriv"), reason="only root can be somebody else (by setpriv)"
)


def words_of(user: str) -> list[str]:
    """What has to stand before a command so that a user runs it."""
    found = pwd.getpwnam(user)
    return ["setpriv", f"--reuid={found.pw_uid}", f"--regid={found.pw_gid}", "--clear-groups"]


def can_run_python(user: str) -> bool:
    """Whether a user can read this interpreter and this checkout."""
    command = [*words_of(user), sys.executable, "-c", "import devenv.cli"]
    env = {"PATH": os.defpath, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, env=env, cwd="/", capture_output=True).returncode == 0


@dataclass(frozen=True)
class UsersCli(Cli):
    """`devenv` as somebody else runs it."""

    def argv(self, *words: str | Path) -> list[str]:  # type: ignore[override]
        """The whole command."""
        return [*words_of(NOBODY), *Cli.argv(*words)]


@contextmanager
def home_of(user: str) -> Iterator[Path]:
    """A folder of a user's that he can reach; pytest's own are for whoever runs the tests."""
    folder = Path(tempfile.mkdtemp(prefix="devenv-test-", dir="/tmp"))
    try:
        shutil.chown(folder, user, pwd.getpwnam(user).pw_gid)
        folder.chmod(0o700)
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def small_disk(folder: Path, user: str, size: str) -> Iterator[None]:
    """A file system of this size on a folder."""
    account = pwd.getpwnam(user)
    options = f"size={size},uid={account.pw_uid},gid={account.pw_gid},mode=0700"
    folder.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=True, capture_output=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def resize(folder: Path, how: str) -> None:
    """Give a small disk another size, or make it read-only."""
    subprocess.run(["mount", "-o", f"remount,{how}", str(folder)], check=True)


def environment(home: Path, more: Mapping[str, str]) -> dict[str, str]:
    """The isolated environment in a user's home; all in it is his."""
    env = isolated(home, engine=False)
    for path in (home, *home.rglob("*")):
        shutil.chown(path, NOBODY, pwd.getpwnam(NOBODY).pw_gid)
    return {**env, "DEVENV_ENGINE": "native", **more}
