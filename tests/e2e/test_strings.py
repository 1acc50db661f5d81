"""Any string reaches the container as it is written: in `env`, in an `env_file`, as an argument of a command."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.command_line import Cli
from tests.conftest import MakeProject
from tests.e2e.conftest import Up
from tests.e2e.engine import containers, docker
from tests.e2e.manifests import PYTHON, SLEEPER, string, strings

pytestmark = pytest.mark.engine

NASTY = [
    *("", " ", " leading", "trailing ", "\t", "a\tb", "line one\nline two\n", "\n", "\r\n", "a\rb", "\x01", "\x1b[31m"),
    *("$", "$$", "$$$", "$HOME", "${HOME}", "$${HOME}", "${X:-default}", "${X?must}", "$(id)", "`id`", "$1", "a$"),
    *("'", '"', "''", '""', "it's", 'say "hi"', "'\"'", "\\", "\\\\", "\\n", "\\$", "C:\\dir\\new", "\\u0041"),
    *("#", "# comment", "a #b", "a# b", "yes", "no", "on", "off", "y", "null", "~", "true", "False", "NaN", ".inf"),
    *("0x1f", "0o7", "012", "1e3", "1_000", "12:30:45", "2026-01-01", "-", "- item", "? key", ": ", "a: b", "a:b"),
    *(
        "!tag",
        "!!str 1",
        "&anchor",
        "*alias",
        "@at",
        "%TAG",
        "|",
        ">",
        "|-\n  x",
        "[1, 2]",
        "{a: 1}",
        "---",
        "...",
        "<<",
    ),
    *(
        "{",
        "}",
        "{}",
        "{{",
        "{name}",
        "{Upper.case}",
        "%s",
        "%(x)s",
        "a=b=c",
        "=",
        "ä ö ü ß",
        "日本語",
        "☃",
        "🦊👩‍👩‍👧",
        "e\u0301",
    ),
    *("\x7f", "\u0085", "\u00a0", "\u2028", "\u2029", "\ufeff", "\u202e", "\U0010ffff", "x" * 60_000),
]


def environment_of(container: str) -> dict[str, str]:
    """What process 1 really got, byte for byte."""
    done = subprocess.run(["docker", "exec", container, "cat", "/proc/1/environ"], capture_output=True, timeout=60)
    pairs = (entry.partition(b"=") for entry in done.stdout.split(b"\0") if entry)
    return {name.decode(): value.decode() for name, _, value in pairs}


def arguments_of(container: str) -> list[str]:
    """The arguments that process 1 really got."""
    done = subprocess.run(["docker", "exec", container, "cat", "/proc/1/cmdline"], capture_output=True, timeout=60)
    return [word.decode() for word in done.stdout.split(b"\0")[:-1]]


def differing(values: dict[str, str], wanted: dict[str, str]) -> dict[str, tuple[str | None, str]]:
    """What did not arrive as it was written."""
    return {name: (values.get(name), value) for name, value in wanted.items() if values.get(name) != value}


def test_every_value_and_every_argument_arrives_byte_for_byte(project: MakeProject, up: Up) -> None:
    wanted = {f"N{number}": value for number, value in enumerate(NASTY)}
    env = "".join(f"{name} = {string(value)}\n" for name, value in wanted.items())
    command = ["python", "-uc", SLEEPER, *NASTY]
    root = project({"devenv.toml": f'[app]\nimage = "{PYTHON}"\ncommand = {strings(command)}\n[app.env]\n{env}'})
    up(root)
    container = containers(root)["app"]["Id"]
    assert differing(environment_of(container), wanted) == {}
    assert arguments_of(container) == command


def test_the_same_through_an_env_file(project: MakeProject, up: Up, cli: Cli) -> None:
    """Values travel as secrets: through a dotenv file of ours that Compose reads."""
    values = [value for value in NASTY if not set("\x00\r\x85\u2028\u2029") & set(value)]
    wanted = {f"F{number}": value for number, value in enumerate(values)}
    text = "".join(f"{name}='{_single(value)}'\n" for name, value in wanted.items())
    root = project(
        {
            "devenv.toml": f'[app]\nimage = "{PYTHON}"\nenv_file = "my.env"\n'
            f"command = {strings(['python', '-uc', SLEEPER])}\n",
            "my.env": text,
        }
    )
    up(root)
    assert differing(environment_of(containers(root)["app"]["Id"]), wanted) == {}
    assert differing(cli("env", "--format", "json", cwd=root).json(), wanted) == {}


def _single(value: str) -> str:
    """As python-dotenv, which is what reads it, unescapes between single quotes."""
    return value.replace("\\", "\\\\").replace("'", "\\'")


def test_shells_and_programs_read_back_what_env_prints(project: MakeProject, cli: Cli) -> None:
    """`eval "$(devenv env --format shell)"` and JSON give the same strings; a shell knows no more."""
    wanted = {f"N{number}": value for number, value in enumerate(NASTY)}
    env = "".join(f"{name} = {string(value)}\n" for name, value in wanted.items())
    root = project({"devenv.toml": f'[app]\nimage = "{PYTHON}"\n[app.env]\n{env}'})
    assert differing(cli("env", "--format", "json", cwd=root).json(), wanted) == {}
    printed = subprocess.run(cli.argv("env", "--format", "shell"), cwd=root, env=dict(cli.env), capture_output=True)
    script = b"set -e\n" + printed.stdout + b"env -0\n"
    done = subprocess.run(["bash"], input=script, capture_output=True, timeout=60, env={"PATH": cli.env["PATH"]})
    pairs = (entry.partition(b"=") for entry in done.stdout.split(b"\0") if entry)
    assert differing({name.decode(): value.decode() for name, _, value in pairs}, wanted) == {}


def test_a_nasty_folder_name_is_only_a_name(tmp_path: Path, up: Up, cli: Cli) -> None:
    root = tmp_path / 'it\'s a $HOME, "ünïcode" #1; {x}'
    root.mkdir()
    (root / "devenv.toml").write_text(f'[app]\nbuild = "."\ncommand = {strings(["python", "-uc", SLEEPER])}\n')
    (root / "Dockerfile").write_text(f"FROM {PYTHON}\n")
    up(root)
    before = containers(root)["app"]
    assert before["Config"]["Labels"]["devenv.path"] == str(root)
    assert json.loads(docker("inspect", before["Id"]))[0]["State"]["Running"]
    assert cli("down", cwd=root).code == 0
    assert containers(root) == {}
