"""Which folder of the host lies where in an editor's container, as whom, and what no editor can work in."""

from __future__ import annotations

from pathlib import Path

import pytest

from devenv.editor.place import Place, editable, place_of
from devenv.errors import InputError
from devenv.project import load, locate
from tests.conftest import write_files

MANIFEST = '[app]\nbuild = "."\n'
SOURCES = {"shop/main.py": "", "shop/cart.py": "", "web/page.html": "", "requirements.txt": ""}


def placed(folder: Path, dockerfile: str, manifest: str = MANIFEST) -> Place:
    files = {"devenv.toml": manifest, "Dockerfile": dockerfile, "api/Dockerfile": dockerfile, "api/app.py": ""}
    project = locate(write_files(folder, {**SOURCES, **files}) / "devenv.toml")
    stack = load(project)
    return place_of(project, stack, editable(stack)[0])


@pytest.mark.parametrize(
    ("lines", "source", "inside", "workdir"),
    [
        pytest.param("WORKDIR /app\nCOPY . .", ".", "/app", "/app", id="all of it"),
        pytest.param("WORKDIR /app\nCOPY shop/ shop/", ".", "/app", "/app", id="a folder under its own name"),
        pytest.param("WORKDIR /app\nCOPY shop ./", "shop", "/app", "/app", id="what is in a folder"),
        pytest.param("WORKDIR /app\nCOPY requirements.txt .\nCOPY shop .", "shop", "/app", "/app", id="most files"),
        pytest.param("COPY . /src\nWORKDIR /src/shop", ".", "/src", "/src/shop", id="a folder of it is worked in"),
        pytest.param("WORKDIR /app\nCOPY requirements.txt /tmp/", ".", "/app", "/app", id="no source at all"),
        pytest.param("COPY . /opt/\nWORKDIR /app", ".", "/app", "/app", id="the source is elsewhere"),
        pytest.param("COPY shop /shop", ".", "/workspaces/shop", "/workspaces/shop", id="no working folder"),
    ],
)
def test_the_source_lies_where_the_image_has_it(
    lines: str, source: str, inside: str, workdir: str, tmp_path: Path
) -> None:
    found = placed(tmp_path / "shop", f"FROM python:3.13-slim\n{lines}\n")
    assert (found.source, found.inside, found.workdir) == (source, inside, workdir)


def test_a_context_below_the_project_is_what_is_mounted(tmp_path: Path) -> None:
    dockerfile = "FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\n"
    assert placed(tmp_path / "shop", dockerfile, '[app]\nbuild = "api"\n').source == "api"


def test_an_image_that_is_not_built_here_gets_the_project_beside_what_it_has(tmp_path: Path) -> None:
    found = placed(tmp_path / "shop", "", '[app]\nimage = "python:3.13-slim"\n')
    assert (found.source, found.inside, found.workdir, found.user) == (".", "/workspaces/shop", "/workspaces/shop", "")


@pytest.mark.parametrize(
    ("base", "user", "expected"),
    [
        ("python:3.13-slim", "USER shop", "shop"),
        ("python:3.13-slim", "USER shop:staff", "shop"),
        ("python:3.13-slim", "", "root"),
        ("python:3.13-slim", "USER 0", "root"),
        ("example.com/base:1", "", ""),
        ("example.com/base:1", "USER shop", "shop"),
    ],
)
def test_the_user_is_the_images_where_the_dockerfile_says_it(
    base: str, user: str, expected: str, tmp_path: Path
) -> None:
    assert placed(tmp_path / "shop", f"FROM {base}\nWORKDIR /app\nCOPY . .\n{user}\n").user == expected


@pytest.mark.parametrize(
    ("dockerfile", "words"),
    [
        ("FROM python:3.13-slim\nUSER 10001\n", "the image of `app`: its user is the number 10001, without a name"),
        ("FROM python:3.13-slim\nUSER 10001:10001\n", "its user is the number 10001"),
        ("FROM scratch\nCOPY shop /shop\n", "the image of `app`: it begins from scratch, without /bin/sh"),
    ],
)
def test_what_no_editor_can_work_in_is_said_with_a_way_out(dockerfile: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        placed(tmp_path / "shop", dockerfile)
    assert words in caught.value.message
    assert 'target = "dev"' in (caught.value.hint or "")


def test_a_stage_for_it_is_taken_instead(tmp_path: Path) -> None:
    dockerfile = (
        "FROM python:3.13-slim AS base\nWORKDIR /app\nCOPY . .\nUSER 10001\n"
        "FROM base AS dev\nUSER ada\nFROM base\n"
    )  # fmt: skip
    found = placed(tmp_path / "shop", dockerfile, f'{MANIFEST}[editor]\ntarget = "dev"\n')
    assert (found.user, found.inside) == ("ada", "/app")
    assert found.service.build
    assert found.service.build.target == "dev"


def test_what_the_builder_gets_is_source_and_what_it_ignores_is_not(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    write_files(folder, {".dockerignore": "web\n", "shop/__pycache__/a.pyc": b""})
    found = placed(folder, "FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\n")
    assert found.is_source("shop")
    assert not found.is_source("web")
    assert not found.is_source("made-by-a-run")
    assert not found.is_source("shop/__pycache__")


def test_a_project_without_a_container_has_no_place_for_an_editor(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no app of this project runs in a container"):
        placed(tmp_path / "shop", "FROM python:3.13-slim\n", '[app]\nbuild = "."\nhost = true\n')
