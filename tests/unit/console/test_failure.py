"""The exact text of each kind of error."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from devenv.console import show_error
from devenv.errors import (
    ArtifactConflictError,
    BuildError,
    DevenvError,
    EngineUnavailableError,
    ImageUnavailableError,
    ManifestError,
    Problem,
    RecipeError,
    ServiceNotReadyError,
)

from .screen import Hose


def shown(error: DevenvError, *, color: bool = False) -> str:
    stream = io.StringIO()
    show_error(error, stream, color)
    return stream.getvalue()


def test_message_place_and_hint() -> None:
    error = RecipeError("unknown option `databse`", where="recipes/postgres.toml:3:1", hint="did you mean `database`?")
    assert shown(error) == (
        "error: unknown option `databse`\n"
        "  recipes/postgres.toml:3:1\n"
        "\n"
        "hint: did you mean `database`?\n"
    )  # fmt: skip


def test_only_a_message() -> None:
    assert shown(EngineUnavailableError("no engine answers")) == "error: no engine answers\n"


def test_a_message_and_a_hint_of_several_lines() -> None:
    error = ImageUnavailableError("an image is not to be had\n\npull access denied", hint="log in\nor look at the name")
    assert shown(error) == (
        "error: an image is not to be had\n"
        "\n"
        "  pull access denied\n"
        "\n"
        "hint: log in\n"
        "  or look at the name\n"
    )  # fmt: skip


MANIFEST = """name = "shop"
[app]
\tprots = [8000]
build = 5
"""
PROTS = Problem("unknown key `prots`", ("app", "prots"), "did you mean `ports`?", "devenv.toml", 3, 2)
BUILD = Problem("`build` is a path or a table, not an integer", ("app", "build"), None, "devenv.toml", 4, 9)


@pytest.fixture
def manifest() -> Path:
    """In the working directory, which is a fresh one."""
    path = Path("devenv.toml")
    path.write_text(MANIFEST)
    return path


def test_one_problem(manifest: Path) -> None:
    assert shown(ManifestError([PROTS])) == (
        "error: unknown key `prots`\n"
        "  devenv.toml:3:2\n"
        "  3 |         prots = [8000]\n"
        "    |         ^\n"
        "\n"
        "hint: did you mean `ports`?\n"
    )


def test_several_problems(manifest: Path) -> None:
    assert shown(ManifestError([PROTS, BUILD, Problem("`name` is missing")])) == (
        "error: 3 problems in the manifest\n"
        "\n"
        "devenv.toml:3:2: unknown key `prots`\n"
        "  3 |         prots = [8000]\n"
        "    |         ^\n"
        "  hint: did you mean `ports`?\n"
        "\n"
        "devenv.toml:4:9: `build` is a path or a table, not an integer\n"
        "  4 | build = 5\n"
        "    |         ^\n"
        "\n"
        "`name` is missing\n"
    )


@pytest.mark.parametrize("file", ["devenv.toml", "", "nul\0byte", "."])
def test_a_source_that_can_not_be_read(file: str) -> None:
    problem = Problem("unknown key `prots`", file=file, line=3, column=2)
    assert shown(ManifestError([problem])) == f"error: unknown key `prots`\n  {problem.where}\n".replace("\0", "")


@pytest.mark.parametrize(("line", "column"), [(9, 1), (0, 0), (5, 1)])
def test_a_place_where_nothing_is_written(manifest: Path, line: int, column: int) -> None:
    assert "|" not in shown(ManifestError([Problem("odd", file="devenv.toml", line=line, column=column)]))


def test_a_line_without_a_column_has_no_caret(manifest: Path) -> None:
    text = shown(ManifestError([Problem("odd", file="devenv.toml", line=4)]))
    assert text == "error: odd\n  devenv.toml:4\n  4 | build = 5\n"


def test_a_long_source_line_is_cut_around_the_column(manifest: Path) -> None:
    manifest.write_text("a" * 300 + "!" + "b" * 300)
    lines = shown(ManifestError([Problem("odd", file="devenv.toml", line=1, column=301)])).splitlines()
    assert lines[2:] == ["  1 | …" + "a" * 50 + "!" + "b" * 47 + "…", "    | " + " " * 51 + "^"]


def test_a_source_line_of_wide_and_hostile_characters(manifest: Path) -> None:
    manifest.write_bytes("世\x1b[2J = \x07!\r\nnext".encode() + b"\xff")
    lines = shown(ManifestError([Problem("odd", file="devenv.toml", line=1, column=10)])).splitlines()
    assert lines[2:] == ["  1 | 世 = !", "    |      ^"]


def test_an_unready_service_shows_its_log() -> None:
    logs = ("", "Traceback (most recent call last):", "\x1b[31m  File \x1b[0m", "", "ModuleNotFoundError: shop\x07", "")
    error = ServiceNotReadyError("web", "it ended with exit code 1", logs=logs, hint="run `devenv logs web`")
    assert shown(error) == (
        "error: service `web` is not ready: it ended with exit code 1\n"
        "  │ Traceback (most recent call last):\n"
        "  │   File\n"
        "  │\n"
        "  │ ModuleNotFoundError: shop\n"
        "\n"
        "hint: run `devenv logs web`\n"
    )
    assert shown(ServiceNotReadyError("web", "it ended")) == "error: service `web` is not ready: it ended\n"


def test_a_build_shows_its_last_lines() -> None:
    error = BuildError("the image of `web` does not build", output=("#7 RUN pip install", "#7 ERROR: exit code: 1\r"))
    assert shown(error) == (
        "error: the image of `web` does not build\n"
        "  │ #7 RUN pip install\n"
        "  │ #7 ERROR: exit code: 1\n"
    )  # fmt: skip


DIFF = "--- a (on disk)\n+++ a (from the manifest)\n@@ -1,2 +1,2 @@\n-x: 1\n+x: 2\n y: \x1b[2J1\n"


def test_a_conflict_shows_its_diff() -> None:
    error = ArtifactConflictError("not up to date: `a`", diff=DIFF, hint="run `devenv generate compose`")
    assert shown(error) == (
        "error: not up to date: `a`\n"
        "\n"
        "--- a (on disk)\n"
        "+++ a (from the manifest)\n"
        "@@ -1,2 +1,2 @@\n"
        "-x: 1\n"
        "+x: 2\n"
        " y: 1\n"
        "\n"
        "hint: run `devenv generate compose`\n"
    )
    assert shown(ArtifactConflictError("`a` was not generated by devenv")) == "error: `a` was not generated by devenv\n"


def test_colours(manifest: Path) -> None:
    assert shown(ManifestError([PROTS]), color=True) == (
        "\x1b[1;31merror:\x1b[0m unknown key `prots`\n"
        "  devenv.toml:3:2\n"
        "  \x1b[2m3 |\x1b[0m         prots = [8000]\n"
        "  \x1b[2m  |\x1b[0m         \x1b[1;31m^\x1b[0m\n"
        "\n"
        "\x1b[1;36mhint:\x1b[0m did you mean `ports`?\n"
    )
    diff = shown(ArtifactConflictError("x", diff=DIFF), color=True).splitlines()[2:]
    assert [line[: line.find("m") + 1] for line in diff[:5]] == [
        "\x1b[1m",
        "\x1b[1m",
        "\x1b[36m",
        "\x1b[31m",
        "\x1b[32m",
    ]


def test_nothing_foreign_steers_the_terminal() -> None:
    nasty = "\x1b]0;title\x07\x1b[2J\u202e"
    for error in (
        DevenvError(f"a{nasty}", where=f"b{nasty}", hint=f"c{nasty}"),
        ManifestError([Problem(f"a{nasty}", hint=f"b{nasty}", file=f"c{nasty}", line=1), Problem(f"d{nasty}")]),
    ):
        assert shown(error).replace("\n", "").isprintable()


def test_a_stream_that_fails_fails_nobody() -> None:
    show_error(DevenvError("nobody hears this"), Hose(BrokenPipeError()), False)
