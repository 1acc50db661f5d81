"""`generate compose`: a file for the team, its private values in a part of .env that is ours, and git told."""

from __future__ import annotations

import stat
import subprocess
from pathlib import Path

import pytest

from devenv.artifacts.dotenv import BLOCK
from devenv.errors import ArtifactConflictError
from devenv.generate import KINDS, compare, write
from devenv.workflow import Session
from tests.conftest import MakeProject

COMPOSE = next(kind for kind in KINDS if kind.name == "compose")
MANIFEST = '[app]\nbuild = "."\n[sidecars]\nredis = {}\n'


def generate(folder: Path, *, force: bool = False) -> list[str]:
    return [path.name for path in write(Session.at(folder, None), COMPOSE, force=force)]


def git(*words: str, folder: Path) -> str:
    return subprocess.run(["git", "-C", str(folder), *words], check=True, capture_output=True, text=True).stdout


@pytest.fixture
def folder(project: MakeProject) -> Path:
    return project({"devenv.toml": MANIFEST})


@pytest.fixture
def repository(folder: Path) -> Path:
    git("init", "-q", folder=folder)
    return folder


def test_the_second_time_there_is_nothing_to_write(folder: Path) -> None:
    assert generate(folder) == ["compose.yaml", ".env"]
    assert generate(folder) == []
    compare(Session.at(folder, None), COMPOSE)


def test_what_is_committed_has_no_secret_and_no_path_of_this_machine(folder: Path) -> None:
    generate(folder)
    secret = Session.at(folder, None).project.state.bindings().secrets["redis", "password"]
    committed = (folder / "compose.yaml").read_text()
    assert secret not in committed
    assert str(folder) not in committed
    assert f'DEVENV_REDIS_PASSWORD="{secret}"' in (folder / ".env").read_text()
    assert stat.S_IMODE((folder / ".env").stat().st_mode) == 0o600


def test_two_clones_generate_the_same_file(project: MakeProject, tmp_path: Path) -> None:
    for place in ("a", "b"):
        generate(project({"devenv.toml": f'name = "shop"\n{MANIFEST}'}, name=f"{place}/shop"))
    assert (tmp_path / "a/shop/compose.yaml").read_bytes() == (tmp_path / "b/shop/compose.yaml").read_bytes()
    assert (tmp_path / "a/shop/.env").read_bytes() != (tmp_path / "b/shop/.env").read_bytes()


@pytest.mark.parametrize("theirs", ["A=1\n", "A=1", "# ours\r\nA=1\r\n", b"A=\xff\n", ""])
def test_every_other_line_of_the_users_dotenv_file_stays_as_it_is(theirs: str | bytes, folder: Path) -> None:
    before = theirs if isinstance(theirs, bytes) else theirs.encode()
    (folder / ".env").write_bytes(before)
    generate(folder)
    (folder / "devenv.toml").write_text(MANIFEST.replace("redis", "valkey"))
    generate(folder)
    text = (folder / ".env").read_bytes().decode(errors="surrogateescape")
    assert "DEVENV_VALKEY_PASSWORD" in text
    assert "DEVENV_REDIS_PASSWORD" not in text
    kept = BLOCK.sub("", text).encode(errors="surrogateescape")
    assert kept == before + (b"" if before.endswith(b"\n") or not before else b"\n")


def test_our_part_is_replaced_where_it_stands(folder: Path) -> None:
    generate(folder)
    (folder / ".env").write_text(f"BEFORE=1\n{(folder / '.env').read_text()}AFTER=1\n")
    (folder / "devenv.toml").write_text(MANIFEST.replace("redis", "valkey"))
    generate(folder)
    lines = (folder / ".env").read_text().splitlines()
    assert (lines[0], lines[-1]) == ("BEFORE=1", "AFTER=1")
    assert len([line for line in lines if "PASSWORD" in line]) == 1


def test_an_app_that_reads_the_same_dotenv_file_does_not_make_it_grow(folder: Path) -> None:
    (folder / "devenv.toml").write_text('[app]\nbuild = "."\nenv_file = ".env"\n[sidecars]\nredis = {}\n')
    (folder / ".env").write_text("TOKEN=1\n")
    generate(folder)
    text = (folder / ".env").read_text()
    assert 'DEVENV_APP_TOKEN="1"' in text
    assert generate(folder) == []
    assert (folder / ".env").read_text() == text


def test_a_stack_without_secrets_has_no_dotenv_file(project: MakeProject) -> None:
    folder = project({"devenv.toml": '[app]\nbuild = "."\n'})
    assert generate(folder) == ["compose.yaml"]
    assert not (folder / ".env").exists()


def test_git_is_told_to_ignore_the_dotenv_file_once(repository: Path) -> None:
    (repository / ".gitignore").write_text("*.pyc")
    assert generate(repository) == ["compose.yaml", ".env", ".gitignore"]
    assert (repository / ".gitignore").read_text() == "*.pyc\n.env\n"
    assert generate(repository) == []
    git("add", "-A", folder=repository)
    assert git("ls-files", folder=repository).split() == [".gitignore", "compose.yaml", "devenv.toml"]


@pytest.mark.parametrize("rule", [".env*\n", "/.env\n", ".env\r\n"])
def test_a_repository_that_ignores_it_already_is_left_alone(rule: str, repository: Path) -> None:
    (repository / ".gitignore").write_bytes(rule.encode())
    assert generate(repository) == ["compose.yaml", ".env"]
    assert (repository / ".gitignore").read_bytes() == rule.encode()


def test_a_folder_of_a_repository_gets_its_own_rule(repository: Path) -> None:
    inner = repository / "services" / "shop"
    inner.mkdir(parents=True)
    (inner / "devenv.toml").write_text(MANIFEST)
    assert generate(inner) == ["compose.yaml", ".env", ".gitignore"]


def test_outside_a_repository_there_is_nobody_to_tell(folder: Path) -> None:
    generate(folder)
    assert not (folder / ".gitignore").exists()


def test_a_compose_file_of_the_users_is_kept_and_nothing_else_is_written(folder: Path) -> None:
    (folder / "compose.yaml").write_text("services: {}\n")
    with pytest.raises(ArtifactConflictError):
        generate(folder)
    assert not (folder / ".env").exists()
    assert generate(folder, force=True) == ["compose.yaml", ".env"]


def test_a_manifest_that_changed_since_is_drift(folder: Path) -> None:
    generate(folder)
    (folder / "devenv.toml").write_text(f"{MANIFEST}mailpit = {{}}\n")
    with pytest.raises(ArtifactConflictError) as caught:
        compare(Session.at(folder, None), COMPOSE)
    assert "+  mailpit:\n" in caught.value.diff
    generate(folder)
    compare(Session.at(folder, None), COMPOSE)
