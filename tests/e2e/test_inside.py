"""exec, connect and logs: exit codes, stdin, bytes and lines pass through unchanged."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.command_line import Cli
from tests.conftest import write_files
from tests.e2e.engine import containers, docker, remove_everything_below
from tests.e2e.manifests import BOTH, PYTHON, strings
from tests.e2e.terminal import terminal

pytestmark = pytest.mark.engine

TALKER = """
import os, signal, sys
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
print("one", flush=True)
print("two", file=sys.stderr, flush=True)
print("\\x1b[31mred\\x1b[0m \\x1b]0;title\\x07end", flush=True)
print("three", flush=True)
signal.pause()
"""
MANIFEST = (
    f'[apps.app]\nimage = "{PYTHON}"\ncommand = {strings(["python", "-uc", TALKER])}\n'
    'env = { GREETING = "hello" }\nready = { log = "three" }\n' + BOTH
)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory, session_cli: Cli) -> Iterator[Path]:
    """A project that is up for all tests of this module."""
    folder = write_files(tmp_path_factory.mktemp("inside") / "shop", {"devenv.toml": MANIFEST})
    try:
        result = session_cli("up", "-d", cwd=folder)
        assert result.code == 0, result.err
        yield folder
    finally:
        remove_everything_below(folder)


@pytest.fixture
def here(root: Path, session_cli: Cli) -> Cli:
    """The command line in that project."""
    return Cli(root, session_cli.env)


def test_exec_passes_exit_code_arguments_and_environment_through(here: Cli) -> None:
    assert here("exec", "app", "--", "sh", "-c", "exit 42").code == 42
    result = here("exec", "app", "--", "python", "-c", "import os, sys; print(sys.argv, os.environ['GREETING'])", "-x")
    assert (result.code, result.out.strip()) == (0, "['-c', '-x'] hello")


def test_exec_keeps_stdin_stdout_and_stderr_apart_and_binary(here: Cli) -> None:
    data = bytes(range(256)) * 500
    script = "import sys; d = sys.stdin.buffer.read(); sys.stdout.buffer.write(d[::-1]); sys.stderr.write(str(len(d)))"
    done = subprocess.run(
        here.argv("exec", "app", "--", "python", "-c", script),
        cwd=here.folder,
        env=dict(here.env),
        input=data,
        capture_output=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, data[::-1], str(len(data)).encode())


def test_exec_gives_a_terminal_where_there_is_one(here: Cli) -> None:
    command = here.argv("exec", "app", "--", "python", "-c", "import os; print('tty', os.isatty(0), os.isatty(1))")
    with terminal(command, here.folder, here.env) as seen:
        seen.wait_for("tty True True")
        assert seen.end() == 0


def test_exec_is_the_user_of_the_service(here: Cli, root: Path) -> None:
    told = docker("exec", containers(root)["app"]["Id"], "id", "-u")
    assert here("exec", "app", "--", "id", "-u").out.strip() == told


@pytest.mark.parametrize("words", [("exec", "nosuch", "true"), ("connect", "nosuch"), ("logs", "nosuch")])
def test_an_unknown_service_is_the_users_mistake(here: Cli, words: tuple[str, ...]) -> None:
    result = here(*words)
    assert result.code == 2
    assert "nosuch" in result.err


def test_connect_to_postgres_is_psql_as_the_apps_user_in_its_database(here: Cli) -> None:
    query = "select current_user || ' ' || current_database()"
    result = here("connect", "postgres", "--", "-At", "-c", query)
    assert (result.code, result.out.strip()) == (0, "shop shop")
    piped = here("connect", "postgres", "--", "-At", stdin="select 41;\nselect 42;\n")
    assert (piped.code, piped.out.split()) == (0, ["41", "42"])
    assert here("connect", "postgres", "--", "-c", "select no such thing").code == 1


def test_connect_to_redis_is_logged_in(here: Cli) -> None:
    piped = here("connect", "redis", stdin="set from pipe\nget from\n")
    assert (piped.code, piped.out.split()) == (0, ["OK", "pipe"])
    assert here("connect", "redis", "--", "get", "from").out.strip() == "pipe"


def test_connect_to_what_has_no_client_names_what_has_one(here: Cli) -> None:
    result = here("connect", "app")
    assert result.code == 2
    assert "postgres" in result.err


def test_logs_of_one_service_hold_both_streams_and_no_escape_sequence(here: Cli) -> None:
    result = here("logs", "app")
    assert result.code == 0
    lines = [line.partition("|")[2].strip() for line in result.out.splitlines()]
    assert sorted(lines) == sorted(["one", "two", "red end", "three"])
    assert "\x1b" not in result.out


def test_logs_can_be_cut_and_are_objects_as_json(here: Cli) -> None:
    assert len(here("logs", "app", "-n", "2").out.splitlines()) == 2
    objects = [json.loads(line) for line in here("logs", "app", "--json").out.splitlines()]
    assert {item["service"] for item in objects} == {"app"}
    assert "one" in [item["text"] for item in objects]
    assert "red end" in [item["text"] for item in objects]
    services = {json.loads(line)["service"] for line in here("logs", "--json").out.splitlines()}
    assert services == {"app", "postgres", "redis"}


def test_logs_follow_what_comes_and_end_with_their_reader(here: Cli, root: Path) -> None:
    process = here.start("logs", "-f", "app")
    assert process.stdout is not None
    try:
        assert any("three" in line for line in process.stdout)
        docker("exec", containers(root)["app"]["Id"], "sh", "-c", "echo later > /proc/1/fd/1")
        assert any("later" in line for line in process.stdout)
        process.stdout.close()
        docker("exec", containers(root)["app"]["Id"], "sh", "-c", "for n in 1 2 3; do echo $n > /proc/1/fd/1; done")
        assert process.wait(30) != 0
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()
    finally:
        process.kill()
        process.wait(10)
        for stream in (process.stdout, process.stderr):
            if stream:
                stream.close()
