"""Runs other programs for the test bed; knows nothing of Docker and never hides a failure."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path


class TestBedError(Exception):
    """Something the test bed needs is missing or failed; the text is for the person who called it."""

    __test__ = False  # pytest: not a test class, whatever its name says


def say(text: str) -> None:
    """Tell progress as a plain line on stderr, so that stdout stays fit for `eval`."""
    print(f"testbed: {text}", file=sys.stderr, flush=True)


def run(
    command: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    timeout: float | None = None,
) -> str:
    """Run to the end and return stdout; a failure carries the last lines that the program said."""
    try:
        done = subprocess.run(command, env=env, cwd=cwd, timeout=timeout, capture_output=True, text=True, check=False)
    except OSError as error:  # PermissionError too: where a folder of the PATH may not be looked into
        raise TestBedError(f"{command[0]} is not installed, or may not be run: {error.strerror}") from error
    except subprocess.TimeoutExpired as error:
        raise TestBedError(f"no answer within {timeout:g} s from: {' '.join(command)}") from error
    if done.returncode != 0:
        tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-25:])
        raise TestBedError(f"exit code {done.returncode} from: {' '.join(command)}\n{tail}")
    return done.stdout


def answers(command: Sequence[str], *, env: Mapping[str, str] | None = None, timeout: float = 20) -> bool:
    """Whether the program exists, ends within the time and exits 0."""
    try:
        run(command, env=env, timeout=timeout)
    except TestBedError:
        return False
    return True
