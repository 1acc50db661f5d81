"""A command that is told to end ends, wherever Python is when the signal comes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from devenv.cli.ending import Ending
from tests.command_line import ROOT

SLOW = """
import os, signal
os.kill(os.getpid(), signal.SIGINT)
for number in range(100_000): pass
print("imported", flush=True)
"""
PROGRAM = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)
from devenv.cli.ending import Ending
try:
    with Ending():
        import slow
        time.sleep(20)
except KeyboardInterrupt:
    sys.exit(130)
"""


def test_a_signal_while_something_is_imported_is_heard_right_after(tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(SLOW)
    env = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
    began = time.monotonic()
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=env, capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout, done.stderr) == (130, "imported\n", "")
    assert time.monotonic() - began < 15


def test_what_was_dropped_is_raised_again() -> None:
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), Ending() as ending:  # noqa: PT012 - the block is what is tested
        ending.check()
        try:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(5)
        except KeyboardInterrupt:
            pass
        ending.check()
        pytest.fail("it was dropped")
    assert signal.getsignal(signal.SIGINT) is before


def test_another_error_that_came_of_it_is_the_end_as_well() -> None:
    with pytest.raises(KeyboardInterrupt), Ending():  # noqa: PT012 - the block is what is tested
        try:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(5)
        except KeyboardInterrupt as error:
            raise RuntimeError("calling __set_name__") from error


def test_without_a_signal_nothing_is_raised() -> None:
    with pytest.raises(ValueError, match="its own"), Ending() as ending:  # noqa: PT012 - the block is what is tested
        ending.check()
        raise ValueError("its own")
