"""What the plugin costs those who don't use it, and what it says where there is no project."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.conftest import write_files

PRINTS = """
import sys

def pytest_unconfigure():
    print("loaded:", sorted(name for name in sys.modules if name.partition(".")[0] in ("devenv", "psycopg", "docker")))

def test_it():
    pass
"""


def pytest_in(folder: Path, env: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *words]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, encoding="utf-8", timeout=60)


def test_it_loads_nothing_of_devenv_before_a_fixture_is_asked_for(tmp_path: Path, environment: dict[str, str]) -> None:
    write_files(tmp_path, {"pytest.ini": "[pytest]\n", "conftest.py": PRINTS, "test_it.py": "def test_it(): pass\n"})
    for words in ((), ("--collect-only",), ("-n", "1")):
        done = pytest_in(tmp_path, environment, *words)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "loaded: ['devenv', 'devenv.pytest_plugin']" in done.stdout
    assert "loaded: []" in pytest_in(tmp_path, {**environment, "PYTHONPATH": ""}, "-p", "no:devenv").stdout


def test_without_a_manifest_a_fixture_fails_and_pytest_goes_on(tmp_path: Path, environment: dict[str, str]) -> None:
    tests = "def test_a(postgres_url): pass\ndef test_b(devenv): pass\ndef test_c(): pass\n"
    write_files(tmp_path, {"pytest.ini": "[pytest]\n", "test_it.py": tests})
    done = pytest_in(tmp_path, environment)
    assert done.returncode == 1
    assert "1 passed, 2 errors" in done.stdout
    assert "no devenv.toml" in done.stdout
    assert "Traceback" not in done.stdout
