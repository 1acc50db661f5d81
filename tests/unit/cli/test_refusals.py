"""What can't be done is said in one way: what, where, a hint; and the exit code tells whose turn it is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.command_line import NOWHERE, Cli
from tests.conftest import MakeProject
from tests.unit.cli.conftest import Run

MANIFEST = '[app]\nimage = "x"\n[sidecars]\nredis = {}\nmailpit = { profile = "mail" }\n'

NO_ENGINE = f"""\
error: no Docker engine is there
  {NOWHERE} (DOCKER_HOST)

hint: start Docker (Docker Desktop, `systemctl start docker`), or install it: Docker Engine with Compose v2
"""


@pytest.fixture
def folder(project: MakeProject) -> Path:
    return project({"devenv.toml": MANIFEST})


@pytest.mark.parametrize(
    "words",
    [
        ("up", "-d", "reids"),
        ("logs", "reids"),
        ("exec", "reids", "--", "ls"),
        ("connect", "reids"),
        ("restart", "reids"),
        ("destroy", "--yes", "reids"),
        ("env", "reids"),
    ],
    ids=lambda words: words[0],
)
def test_an_unknown_service_is_refused_before_the_engine_is_asked(
    words: tuple[str, ...], run: Run, folder: Path
) -> None:
    result = run(*words, cwd=folder)
    assert (result.code, result.out) == (2, "")
    assert result.err == "error: no service is called `reids`\n\nhint: did you mean `redis`?\n"


def test_an_unknown_profile_is_refused_with_the_known_ones(run: Run, folder: Path) -> None:
    result = run("up", "-d", "--with", "zzz", cwd=folder)
    assert (result.code, result.err) == (2, "error: no profile is called `zzz`\n\nhint: profiles: mail\n")


def test_what_has_no_client_can_not_be_connected_to(run: Run, folder: Path) -> None:
    result = run("connect", "app", cwd=folder)
    assert result.code == 2
    assert result.err == "error: `app` has no client to connect with\n\nhint: these have one: redis\n"


@pytest.mark.parametrize(
    "words",
    [
        ("up",),
        ("up", "-d"),
        ("down",),
        ("destroy", "--yes"),
        ("restart",),
        ("status",),
        ("logs",),
        ("exec", "app", "--", "ls"),
        ("connect", "redis"),
    ],
    ids=" ".join,
)
def test_no_engine_is_said_with_where_it_was_looked_for(words: tuple[str, ...], run: Run, folder: Path) -> None:
    result = run(*words, cwd=folder)
    assert (result.code, result.out, result.err) == (3, "", NO_ENGINE)


def test_no_engine_for_a_program(run: Run, folder: Path) -> None:
    result = run("status", "--json", cwd=folder)
    assert (result.code, result.err) == (3, "")
    assert result.json()["error"] == {
        "message": "no Docker engine is there",
        "where": f"{NOWHERE} (DOCKER_HOST)",
        "hint": NO_ENGINE.rpartition("hint: ")[2].strip(),
        "exit_code": 3,
    }


@pytest.mark.parametrize("words", [("destroy",), ("destroy", "redis"), ("destroy", "--no-dump")], ids=" ".join)
def test_destroy_asks_and_where_nobody_can_answer_it_refuses(words: tuple[str, ...], cli: Cli, folder: Path) -> None:
    result = cli(*words, cwd=folder, stdin="y\n")
    assert (result.code, result.out) == (2, "")
    assert result.err == (
        "error: `destroy` asks before it deletes data, and here is nobody to ask\n\nhint: add --yes\n"
    )


def test_a_reader_that_went_away_is_no_traceback(cli: Cli, folder: Path) -> None:
    process = cli.start("config", cwd=folder)
    assert process.stdout
    assert process.stderr
    process.stdout.close()
    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait(60) in (0, 1)


@pytest.mark.parametrize("words", [("validate",), ("config",), ("env",), ("generate", "compose"), ("status",)])
def test_a_folder_whose_name_is_no_utf8_is_a_folder(words: tuple[str, ...], cli: Cli, tmp_path: Path) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/sh\xffop"))
    folder.mkdir()
    (folder / "devenv.toml").write_text(MANIFEST)
    result = cli(*words, cwd=folder)
    assert result.code == (3 if words == ("status",) else 0)
    assert "Traceback" not in result.err
