"""`generate github` and `gitlab`: what tells how a project is tested, both forms, and comparing all at once."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from devenv.errors import ArtifactConflictError, InputError
from devenv.generate import KINDS, Kind, compare, compare_all, write
from devenv.generate.commented import Note, written
from devenv.generate.github import _escaped, _line
from devenv.generate.tested import find_out, projects
from devenv.stack import CI
from devenv.workflow import Session
from tests.conftest import MakeProject

KIND = {kind.name: kind for kind in KINDS}
MANIFEST = '[app]\nbuild = "."\n[ci]\ntest = ["make", "test"]\n[sidecars]\nredis = {}\n'
WORKFLOW = ".github/workflows/devenv.yml"


def services(kind: Kind) -> Kind:
    return replace(kind, services=True)


def at(folder: Path) -> Session:
    return Session.at(folder, None)


@pytest.fixture
def folder(project: MakeProject) -> Path:
    return project({"devenv.toml": MANIFEST})


@pytest.mark.parametrize("row", projects()["project"], ids=lambda row: row["file"])
def test_a_file_tells_how_the_project_is_tested(row: dict[str, object], tmp_path: Path) -> None:
    (tmp_path / str(row["file"])).touch()
    found = find_out(tmp_path, CI())
    assert (list(found.test), found.told_by) == (row["test"], row["file"])
    assert found.image
    assert "{" not in found.image


def test_the_manifest_wins_over_the_files(tmp_path: Path) -> None:
    (tmp_path / "go.mod").touch()
    found = find_out(tmp_path, CI(test=("make", "test"), install=(("make", "tools"),)))
    assert (found.test, found.install, found.language) == (("make", "test"), (("make", "tools"),), "go")


def test_where_nothing_tells_it_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="what CI shall run is not known") as caught:
        find_out(tmp_path, CI())
    assert caught.value.hint is not None
    assert '[ci] test = ["make", "test"]' in caught.value.hint


@pytest.mark.parametrize("name", ["github", "gitlab"])
@pytest.mark.parametrize("form", [False, True])
def test_the_second_time_there_is_nothing_to_write(name: str, form: bool, folder: Path) -> None:
    kind = replace(KIND[name], services=form)
    assert len(write(at(folder), kind)) == 1
    assert write(at(folder), kind) == []
    compare(at(folder), kind)
    compare(at(folder), KIND[name])  # the form is the file's own


def test_drift_is_told_with_the_command_of_the_files_form(folder: Path) -> None:
    write(at(folder), services(KIND["github"]))
    (folder / "devenv.toml").write_text(MANIFEST.replace("redis", "valkey"))
    with pytest.raises(ArtifactConflictError) as caught:
        compare(at(folder), KIND["github"])
    assert '+        image: "valkey/valkey:8"\n' in caught.value.diff
    assert caught.value.hint == "run `devenv generate github --services`"


def test_a_workflow_of_the_users_is_never_written_over(folder: Path) -> None:
    (folder / ".github/workflows").mkdir(parents=True)
    (folder / WORKFLOW).write_text("name: mine\n")
    with pytest.raises(ArtifactConflictError) as caught:
        write(at(folder), KIND["github"])
    assert "-name: mine\n" in caught.value.diff
    assert caught.value.exit_code == 4
    assert (folder / WORKFLOW).read_text() == "name: mine\n"
    assert caught.value.hint == "move it away, or write over it: devenv generate github --force"


def test_everything_that_was_generated_is_compared(folder: Path) -> None:
    assert compare_all(at(folder)) == []
    write(at(folder), KIND["compose"])
    write(at(folder), services(KIND["gitlab"]))
    (folder / ".github/workflows").mkdir(parents=True)
    (folder / WORKFLOW).write_text("name: mine\n")  # not ours, so not compared
    assert [path.name for path in compare_all(at(folder))] == ["compose.yaml", "devenv.gitlab-ci.yml"]
    (folder / "devenv.toml").write_text(MANIFEST.replace("redis", "valkey"))
    with pytest.raises(ArtifactConflictError) as caught:
        compare_all(at(folder))
    assert caught.value.message == "not up to date: `compose.yaml`, `devenv.gitlab-ci.yml`"
    assert "compose.yaml (on disk)" in caught.value.diff
    assert "devenv.gitlab-ci.yml (on disk)" in caught.value.diff
    assert caught.value.hint == "run `devenv generate compose`; run `devenv generate gitlab --services`"


def test_a_project_in_a_folder_of_its_repository_has_its_files_at_the_top(tmp_path: Path) -> None:
    inner = tmp_path / "services" / "shop"
    inner.mkdir(parents=True)
    (inner / "devenv.toml").write_text(MANIFEST)
    (inner / "package-lock.json").touch()
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    write(at(inner), KIND["github"])
    write(at(inner), KIND["gitlab"])
    workflow = yaml.safe_load((tmp_path / ".github/workflows/devenv-services-shop.yml").read_text())
    assert workflow["defaults"] == {"run": {"working-directory": "services/shop"}}
    [node] = [step for step in workflow["jobs"]["test"]["steps"] if "setup-node" in step.get("uses", "")]
    assert node["with"]["cache-dependency-path"] == "services/shop/package-lock.json"
    job = yaml.safe_load((tmp_path / ".gitlab/devenv-services-shop.gitlab-ci.yml").read_text())["devenv-services-shop"]
    assert job["before_script"][0] == "cd services/shop"


def test_the_builders_cache_is_there_where_an_image_is_built(project: MakeProject) -> None:
    def job(ci: str) -> str:
        root = project({"devenv.toml": f'[app]\nbuild = "."\n[ci]\ntest = "make"\n{ci}'})
        [artifact] = KIND["github"].artifacts(at(root))
        return artifact.text

    assert "DEVENV_BUILD_CACHE" not in job("")
    assert "DEVENV_BUILD_CACHE: type=gha" in job('inside = "app"\n')
    assert "devenv run --in app -- make" in job('inside = "app"\n')


@pytest.mark.parametrize(
    "words", [["a"], ["a b"], ['a"b c'], ['a\\" b'], ["ends in \\"], ["x\\y z"], [""], ["a", "b c"]]
)
def test_words_are_quoted_as_windows_programs_take_them_apart(words: list[str]) -> None:
    assert _line(words) == subprocess.list2cmdline(words)


def test_github_finds_no_expression_in_a_text() -> None:
    assert _escaped("a ${{ secrets.X }} $b") == "a ${{ '${{' }} secrets.X }} $b"


def test_a_comment_stands_where_its_key_stood() -> None:
    value = {"a": {Note("of b"): None, "b": 1}, "c": [{Note("of d"): None, "d": 1}]}
    assert written(value) == "a:\n  # of b\n  b: 1\n\nc:\n# of d\n- d: 1\n"
