"""`devenv why`: the line that decides what becomes of a file, for people and programs, without an engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import MakeProject
from tests.docs.test_json import check
from tests.unit.cli.conftest import Run

DOCKERFILE = """\
FROM python:3.13-slim
WORKDIR /app
COPY requirements.txt .
RUN pip install -r requirements.txt
COPY --chown=1000:1000 . .
RUN chmod +x run.sh
CMD ["uvicorn", "shop:app", "--reload"]
"""
FILES = {
    "devenv.toml": '[app]\nbuild = "."\n[app.reload]\nignore = [{ paths = "docs", reason = "for people" }]\n',
    "Dockerfile": DOCKERFILE,
    ".dockerignore": "tests\n*.log\n",
    "requirements.txt": "x\n",
    "run.sh": "",
    "shop/a.py": "",
    "shop/b.py": "",
    "docs/x.md": "",
    "tests/test_a.py": "",
    "x.log": "",
}


@pytest.fixture
def folder(project: MakeProject) -> Path:
    return project(FILES)


def test_a_synced_file(run: Run, folder: Path) -> None:
    result = run("why", "run.sh", cwd=folder)
    assert (result.code, result.err) == (0, "")
    assert result.out == (
        "run.sh\n"
        "  sync; `uvicorn --reload` takes it up by itself\n"
        "  → /app/run.sh  (owner 1000:1000, chmod +x)\n"
        "  Dockerfile:5  COPY --chown=1000:1000 . .\n"
        "  line 5 copies it to `/app/run.sh`, and nothing after that reads it\n"
    )


def test_a_file_that_rebuilds(run: Run, folder: Path) -> None:
    assert run("why", "requirements.txt", cwd=folder).out == (
        "requirements.txt\n"
        "  rebuild\n"
        "  Dockerfile:4  RUN pip install -r requirements.txt\n"
        "  line 4 reads it: `pip install -r requirements.txt`\n"
    )


def test_files_that_are_not_in_the_image_or_not_there(run: Run, folder: Path) -> None:
    out = run("why", "x.log", "docs/x.md", "shop/new.py", cwd=folder).out
    assert out == (
        "x.log\n  not in the image\n  .dockerignore leaves it out\n\n"
        "docs/x.md\n  not in the image\n  Dockerfile:5  COPY --chown=1000:1000 . .\n"
        "  devenv.toml says so: for people\n\n"
        "shop/new.py  (there is no such file; this is for a new one)\n"
        "  sync; `uvicorn --reload` takes it up by itself\n"
        "  → /app/shop/new.py  (owner 1000:1000)\n"
        "  Dockerfile:5  COPY --chown=1000:1000 . .\n"
        "  line 5 copies it to `/app/shop/new.py`, and nothing after that reads it\n"
    )


def test_a_folder_is_counted_by_what_decides(run: Run, folder: Path) -> None:
    assert run("why", ".", cwd=folder).out == (
        "./  9 files\n"
        "  4  sync              Dockerfile:5  COPY --chown=1000:1000 . .\n"
        "     devenv.toml, run.sh, shop/a.py, …\n"
        "  2  rebuild\n"
        "     the image is built by what it says\n"
        "     .dockerignore, Dockerfile\n"
        "  1  rebuild           Dockerfile:4  RUN pip install -r requirements.txt\n"
        "     line 4 reads it: `pip install -r requirements.txt`\n"
        "     requirements.txt\n"
        "  1  not in the image\n"
        "     .dockerignore leaves it out\n"
        "     x.log\n"
        "  1  not in the image  Dockerfile:5  COPY --chown=1000:1000 . .\n"
        "     devenv.toml says so: for people\n"
        "     docs/x.md\n"
        "     left out as a whole: tests/\n"
    )


def test_paths_are_the_users_own(run: Run, folder: Path) -> None:
    for path, cwd in (
        ("a.py", folder / "shop"),
        (folder / "shop/a.py", folder.parent),
        ("../shop/a.py", folder / "docs"),
    ):
        found = run("-C", folder, "why", path, "--json", cwd=cwd).json()
        assert [each["path"] for each in found["files"]] == ["shop/a.py"]


def test_the_json_is_as_its_schema_says(run: Run, folder: Path) -> None:
    found = run("why", "--json", "run.sh", "requirements.txt", "none.py", "shop", "tests", ".", cwd=folder).json()
    check(found, "why")
    assert [each["verdict"] for each in found["files"]] == ["sync", "rebuild", "sync"]
    assert [each["restart"] for each in found["files"]] == [False, None, False]
    assert [each["exists"] for each in found["files"]] == [True, True, False]
    assert [sum(group["count"] for group in each["groups"]) for each in found["folders"]] == [2, 0, 9]
    assert found["folders"][1]["left_out"] == ["tests"]


def test_apps_of_one_image_share_an_answer(run: Run, project: MakeProject) -> None:
    apps = (
        '[apps.web]\nbuild = "."\ncommand = "uvicorn x --reload"\n[apps.job]\nbuild = "."\ncommand = "python job.py"\n'
    )
    folder = project({**FILES, "devenv.toml": apps}, name="two")
    assert run("why", "shop/a.py", cwd=folder).out.splitlines()[:2] == [
        "shop/a.py  (for web)",
        "  sync; `uvicorn --reload` takes it up by itself",
    ]
    assert [each["apps"] for each in run("why", "--json", "x.log", cwd=folder).json()["files"]] == [["web"], ["job"]]


REFUSED = {
    "outside": (FILES, "/etc/passwd", "`/etc/passwd` is not in a build context"),
    "no build": ({"devenv.toml": '[app]\nimage = "x"\n'}, "a", "no app of this project is built here"),
    "no Dockerfile": ({"devenv.toml": '[app]\nbuild = "."\n'}, "a", "there is no Dockerfile"),
    "no stage": (
        {**FILES, "devenv.toml": '[app]\nbuild = { target = "wbe" }\n', "Dockerfile": "FROM scratch AS web\n"},
        "a",
        "the Dockerfile has no stage `wbe`",
    ),
}


@pytest.mark.parametrize(("files", "path", "message"), [pytest.param(*case, id=name) for name, case in REFUSED.items()])
def test_what_cannot_be_answered_is_told(
    run: Run, project: MakeProject, files: dict[str, str], path: str, message: str
) -> None:
    result = run("why", path, cwd=project(files))
    assert (result.code, result.out) == (2, "")
    assert message in result.err
    assert "hint: " in result.err
