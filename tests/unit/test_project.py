"""A project's identity, and the cache of its stack: never a stale answer."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from devenv.artifacts.dotenv import block
from devenv.errors import ManifestError, RecipeError
from devenv.project import load, locate, slug
from devenv.stack import Stack
from tests.conftest import MakeProject, write_files

MANIFEST = '[sidecars]\nredis = "8"\n'
RECIPE = 'summary = "x"\nimage = "x:{version}"\nversions = ["1"]\n[[ready]]\nprobe = "tcp"\nport = 1\n'


def git(*words: str | Path, folder: Path) -> None:
    subprocess.run(["git", "-C", str(folder), *map(str, words)], check=True, capture_output=True)


def commit(folder: Path) -> None:
    git("init", "-q", folder=folder)
    git("add", "-A", folder=folder)
    git("commit", "-q", "-m", "all", folder=folder)


def test_an_id_is_a_name_that_engines_take_and_a_digest_of_the_real_path(tmp_path: Path) -> None:
    folder = write_files(tmp_path / "Mein Café (1)", {"devenv.toml": MANIFEST})
    name, _, digest = locate(folder / "devenv.toml").id.rpartition("-")
    assert name == "mein-caf-1"
    assert len(bytes.fromhex(digest)) == 4


def test_a_clone_and_a_worktree_are_projects_of_their_own(project: MakeProject, tmp_path: Path) -> None:
    folder = project({"devenv.toml": MANIFEST})
    commit(folder)
    (tmp_path / "clones").mkdir()
    (tmp_path / "trees").mkdir()
    clone, tree = tmp_path / "clones" / "shop", tmp_path / "trees" / "shop"
    git("clone", "-q", folder, clone, folder=tmp_path)
    git("worktree", "add", "-q", tree, folder=folder)
    found = [locate(each / "devenv.toml") for each in (folder, clone, tree)]
    assert len({each.id for each in found}) == 3
    assert {each.id.rpartition("-")[0] for each in found} == {"shop"}
    assert len({each.state.folder for each in found}) == 3


def test_a_folder_reached_by_a_link_is_the_same_project(project: MakeProject, tmp_path: Path) -> None:
    folder = project({"devenv.toml": MANIFEST})
    (tmp_path / "link").symlink_to(folder)
    direct, linked = locate(folder / "devenv.toml"), locate(tmp_path / "link" / "devenv.toml")
    assert (linked.id, linked.root, linked.state.folder) == (direct.id, direct.root, direct.state.folder)


def test_two_folders_of_one_name_are_two_projects(tmp_path: Path) -> None:
    folders = [write_files(tmp_path / side / "shop", {"devenv.toml": MANIFEST}) for side in ("a", "b")]
    first, second = (locate(folder / "devenv.toml") for folder in folders)
    assert first.id != second.id


def test_a_moved_folder_is_another_project(project: MakeProject, tmp_path: Path) -> None:
    before = locate(project({"devenv.toml": MANIFEST}) / "devenv.toml").id
    (tmp_path / "shop").rename(tmp_path / "elsewhere")
    assert locate(tmp_path / "elsewhere" / "devenv.toml").id != before


def test_a_manifest_of_another_name_is_a_project_beside_the_usual_one(project: MakeProject) -> None:
    folder = project({"devenv.toml": MANIFEST, "ci.toml": MANIFEST, "dev.toml": MANIFEST})
    usual, ci, dev = (locate(folder / name) for name in ("devenv.toml", "ci.toml", "dev.toml"))
    assert len({usual.id, ci.id, dev.id}) == 3
    assert ci.id.startswith("shop-ci-")
    assert usual.root == ci.root == folder


def test_two_manifests_whose_names_read_alike_are_told_apart(project: MakeProject) -> None:
    folder = project({"a b.toml": MANIFEST, "a-b.toml": MANIFEST})
    assert locate(folder / "a b.toml").id != locate(folder / "a-b.toml").id


def test_a_path_that_is_no_utf8_has_an_id_too(tmp_path: Path) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/sh\xffop"))
    write_files(folder, {"devenv.toml": MANIFEST})
    assert locate(folder / "devenv.toml").id.startswith("sh-op-")


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("Shop", "shop"),
        ("--x--", "x"),
        ("日本", "project"),
        ("", "project"),
        ("a" * 60, "a" * 40),
        ("a.b_c d", "a-b-c-d"),
    ],
)
def test_a_slug(name: str, short: str) -> None:
    assert slug(name) == short


# The cache


def cached(folder: Path) -> Stack:
    """The stack as the second of two commands sees it; the first one has filled the cache."""
    return load(locate(folder / "devenv.toml"))


def image(folder: Path, service: str = "redis") -> str | None:
    return cached(folder)[service].image


def test_the_second_command_has_the_same_stack_and_reads_no_manifest(project: MakeProject) -> None:
    folder = project({"devenv.toml": MANIFEST})
    first = cached(folder)
    cache = locate(folder / "devenv.toml").state.folder / "stack.cache"
    written = cache.stat().st_mtime_ns
    assert cached(folder) == first
    assert cache.stat().st_mtime_ns == written


def test_a_changed_manifest_is_seen(project: MakeProject) -> None:
    folder = project({"devenv.toml": MANIFEST})
    assert image(folder) == "redis:8"
    kept = (folder / "devenv.toml").stat()
    (folder / "devenv.toml").write_text('[sidecars]\nredis = "7"\n')  # of the same size
    os.utime(folder / "devenv.toml", ns=(kept.st_atime_ns, kept.st_mtime_ns))
    assert image(folder) == "redis:7"


def test_a_manifest_that_became_wrong_is_seen_and_one_that_was_mended_too(project: MakeProject) -> None:
    folder = project({"devenv.toml": MANIFEST})
    cached(folder)
    (folder / "devenv.toml").write_text("[sidecars]\nredis = 1\n")
    with pytest.raises(ManifestError):
        cached(folder)
    (folder / "devenv.toml").write_text(MANIFEST)
    assert image(folder) == "redis:8"


def test_a_changed_new_or_lost_dotenv_file_is_seen(project: MakeProject) -> None:
    folder = project({"devenv.toml": '[app]\nimage = "x"\nenv_file = ".env"\n', ".env": "A=1\n"})

    def value() -> str | None:
        return cached(folder)["app"].secrets[0].value

    assert value() == "1"
    (folder / ".env").write_text("A=2\n")
    assert value() == "2"
    (folder / ".env").unlink()
    with pytest.raises(ManifestError):
        cached(folder)
    (folder / ".env").write_text("A=3\n")
    assert value() == "3"


def test_a_changed_new_or_lost_recipe_of_the_project_is_seen(project: MakeProject) -> None:
    folder = project({"devenv.toml": MANIFEST})
    assert image(folder) == "redis:8"
    write_files(folder, {"devenv.recipes/redis.toml": RECIPE.replace('"1"', '"8"')})
    assert image(folder) == "x:8"
    write_files(folder, {"devenv.recipes/redis.toml": RECIPE.replace('"1"', '"8"').replace("x:", "y:")})
    assert image(folder) == "y:8"
    (folder / "devenv.recipes" / "redis.toml").unlink()
    assert image(folder) == "redis:8"


def test_a_recipe_that_became_wrong_is_seen(project: MakeProject) -> None:
    folder = project({"devenv.toml": "[sidecars]\nown = '1'\n", "devenv.recipes/own.toml": RECIPE})
    cached(folder)
    write_files(folder, {"devenv.recipes/own.toml": "nothing = 1"})
    with pytest.raises(RecipeError):
        cached(folder)


def test_a_file_that_a_glob_finds_since_is_seen(project: MakeProject) -> None:
    folder = project({"devenv.toml": '[sidecars]\npostgres = { init = ["db/*.sql"] }\n', "db/a.sql": ""})

    def scripts() -> list[str]:
        return [file.source for file in cached(folder)["postgres"].files if file.source]

    assert scripts() == ["db/a.sql"]
    write_files(folder, {"db/b.sql": "", "db/c.txt": "", "db/d.sql/in": ""})
    assert scripts() == ["db/a.sql", "db/b.sql"]
    (folder / "db" / "a.sql").unlink()
    assert scripts() == ["db/b.sql"]


@pytest.mark.parametrize("pattern", ["", ".", "**.sql", "db/***/x", "[", "a\\u0000b", "/"])
def test_a_glob_that_is_none_finds_nothing(pattern: str, project: MakeProject) -> None:
    folder = project({"devenv.toml": f'[sidecars]\npostgres = {{ init = ["{pattern}"] }}\n', "db/a.sql": ""})
    with pytest.raises(ManifestError, match="matches no file"):
        cached(folder)


@pytest.mark.parametrize("pattern", ["/etc/host*", "../*.sql", "db/../../*.sql"])
def test_a_glob_does_not_leave_the_project(pattern: str, project: MakeProject, tmp_path: Path) -> None:
    write_files(tmp_path, {"outside.sql": ""})
    folder = project({"devenv.toml": f'[sidecars]\npostgres = {{ init = ["{pattern}"] }}\n', "db/a.sql": ""})
    with pytest.raises(ManifestError, match="matches no file"):
        cached(folder)


@pytest.mark.parametrize("content", [b"", b"no pickle", b"\x80\x05K\x01."])
def test_a_cache_that_is_none_is_ignored_and_written_anew(content: bytes, project: MakeProject) -> None:
    folder = project({"devenv.toml": MANIFEST})
    good = cached(folder)
    cache = locate(folder / "devenv.toml").state.folder / "stack.cache"
    cache.write_bytes(content)
    assert cached(folder) == good
    assert cache.read_bytes() != content


def test_a_cut_off_cache_is_ignored(project: MakeProject) -> None:
    folder = project({"devenv.toml": MANIFEST})
    good = cached(folder)
    cache = locate(folder / "devenv.toml").state.folder / "stack.cache"
    whole = cache.read_bytes()
    for length in range(0, len(whole), 97):
        cache.write_bytes(whole[:length])
        assert cached(folder) == good


def test_looking_works_where_nothing_can_be_written(project: MakeProject, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = project({"devenv.toml": MANIFEST, "file": ""})
    monkeypatch.setenv("DEVENV_STATE_HOME", str(folder / "file"))
    assert image(folder) == "redis:8"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"A=\xff\n", "'utf-8' codec can't decode byte 0xff in position 2: invalid start byte"),
        (b"A=x\0y\n", "a nul character can't be passed to a process"),
        (None, "is a directory"),
    ],
)
def test_a_dotenv_file_that_no_process_could_be_given_is_a_problem(
    content: bytes | None, reason: str, project: MakeProject
) -> None:
    folder = project({"devenv.toml": '[app]\nimage = "x"\nenv_file = ".env"\n'})
    if content is None:
        (folder / ".env").mkdir()
    else:
        (folder / ".env").write_bytes(content)
    with pytest.raises(ManifestError) as caught:
        cached(folder)
    (problem,) = caught.value.problems
    assert problem.message == f"`.env` can't be read: {reason}"
    assert (problem.line, problem.column) == (3, 12)


def test_our_own_block_in_a_dotenv_file_is_not_the_apps(project: MakeProject) -> None:
    folder = project(
        {
            "devenv.toml": '[app]\nimage = "x"\nenv_file = ".env"\n',
            ".env": f"A=1\n{block({'DEVENV_APP_A': '1'})}B=2\n",
        }
    )
    assert [secret.name for secret in cached(folder)["app"].secrets] == ["A", "B"]
