"""An editor inside of an app's container, by the Dev Containers' own client: beside what `devenv up` runs."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.command_line import ROOT, Cli
from tests.conftest import MakeProject, write_files
from tests.e2e.devcontainers import Person
from tests.e2e.engine import (
    all_containers,
    api,
    containers,
    networks,
    remove_everything_below,
    running,
    starts,
    volumes,
)
from tests.testbed.containers import wait_for

pytestmark = pytest.mark.engine

DOCKERFILE = """FROM python:3.13-slim
RUN useradd --create-home --uid 10001 ada
WORKDIR /srv/shop
RUN python -m venv --without-pip .venv && mkdir -p web/node_modules/left-pad && chown -R ada .
COPY . .
USER ada
STOPSIGNAL SIGKILL
CMD ["sleep", "infinity"]
"""
MANIFEST = '[app]\nbuild = "."\nvolumes = { uploads = "/srv/shop/uploads" }\n[sidecars]\nredis = {}\n'
FILES = {"Dockerfile": DOCKERFILE, ".dockerignore": ".git\nweb/node_modules\n", "devenv.toml": MANIFEST, "web/a.js": ""}

Work = Callable[[Path], Person]


@pytest.fixture
def work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Work]:
    """Somebody who works in a folder; what the client has built for him is removed."""
    people = []

    def begin(folder: Path) -> Person:
        people.append(Person.at(folder, tmp_path_factory.mktemp("person")))
        return people[-1]

    yield begin
    for person in people:
        clean(person)


def clean(person: Person) -> None:
    """Remove all of a folder's, with the images in which the client gave the user another number."""
    remove_everything_below(person.folder)
    for image in person.built:
        api("DELETE", f"/images/{image}?force=1")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Person]:
    """Somebody with a copy of the example, whose files for an editor are written; nothing runs yet."""
    folder = Path(shutil.copytree(ROOT / "examples/shop", tmp_path_factory.mktemp("example") / "shop"))
    person = Person.at(folder, tmp_path_factory.mktemp("person"))
    try:
        result = person.devenv("generate", "devcontainer")
        assert result.code == 0, result.err
        yield person
    finally:
        clean(person)


def test_the_client_reads_the_configuration_before_anything_runs(shop: Person) -> None:
    """The first: there is no image yet."""
    result = shop.devcontainer("read-configuration", "--include-merged-configuration", config="web")
    assert result.code == 0, result.err
    merged = json.loads(result.out)["mergedConfiguration"]
    assert (merged["service"], merged["remoteUser"], merged["shutdownAction"]) == ("web.editor", "shop", "none")
    assert merged["overrideCommand"] is True
    assert "postgres:5432" in merged["forwardPorts"]


def test_the_examples_own_tests_pass_in_an_editors_container(shop: Person) -> None:
    """Nothing runs before, so that the editor's start brings the sidecars up and builds the image."""
    answer = shop.up("web")
    assert (answer["remoteUser"], answer["remoteWorkspaceFolder"]) == ("shop", "/app")
    assert "13 passed" in shop.inside("python -m pytest -q", "web")
    assert set(containers(shop.folder)) == {"web.editor", "postgres", "redis", "s3mock", "mailpit", "adminer"}


def test_what_is_made_inside_is_the_hosts_users(shop: Person) -> None:
    shop.up("web")
    assert shop.inside("id -u -n && touch made-inside && pwd", "web").split() == ["shop", "/app"]
    assert (shop.folder / "made-inside").stat().st_uid == shop.number


def test_devenv_and_the_editor_never_want_the_same_container(shop: Person) -> None:
    assert shop.devenv("up", "-d", "--timeout", "180").code == 0
    shop.up("web")
    before = starts(shop.folder)
    assert {"web", "web.editor", "worker", "postgres"} <= set(before)
    again = shop.devenv("up", "-d")
    assert (again.code, starts(shop.folder)) == (0, before)
    assert "removing" not in again.err
    shop.up("web")
    assert starts(shop.folder) == before
    states = {
        service["name"]: service["state"] for service in json.loads(shop.devenv("status", "--json").out)["services"]
    }
    assert set(states.values()) == {"ready"}
    assert "web.editor" not in states


def test_the_environment_is_the_apps_as_the_network_sees_it(shop: Person) -> None:
    shop.up("web")
    wanted = json.loads(shop.devenv("env", "web", "--for", "network", "--format", "json").out)
    inside = dict(line.split("=", 1) for line in shop.inside("env", "web").splitlines())
    assert {name: inside.get(name) for name in wanted} == wanted
    committed = [path.read_text() for path in (shop.folder / ".devcontainer").rglob("*.*")]
    generated = [path.read_text() for path in (shop.folder / ".devenv").iterdir()]
    assert not [text for text in (*committed, *generated) if wanted["PGPASSWORD"] in text]
    assert not [text for text in committed if str(shop.folder) in text]


def test_git_works_inside_as_outside(shop: Person) -> None:
    shop.up("web")
    subprocess.run(["git", "init", "-q", str(shop.folder)], check=True)
    shop.takes(shop.folder)
    assert "?? shop/" in shop.inside("git status --porcelain", "web").splitlines()


def test_each_app_has_an_editor_of_its_own(shop: Person) -> None:
    first, second = shop.up("web"), shop.up("worker")
    assert first["containerId"] != second["containerId"]
    assert first["composeProjectName"] == second["composeProjectName"]


def test_the_data_survives_down_and_is_the_editors_again(shop: Person) -> None:
    """Last of the shop's: everything goes."""

    def query(text: str) -> str:
        connect = "import os, psycopg; c = psycopg.connect(os.environ['DATABASE_URL'], autocommit=True)"
        return shop.inside(f'python -c "{connect}; print(c.execute({text!r}).statusmessage)"', "web")

    shop.up("web")
    query("create table kept (a int)")
    assert shop.devenv("down").code == 0
    assert all_containers(shop.folder) == []
    assert networks(shop.folder) == []
    shop.up("web")
    assert query("select * from kept") == "SELECT 0"
    assert shop.devenv("destroy", "--yes", "--no-dump").code == 0
    assert (all_containers(shop.folder), volumes(shop.folder)) == ([], [])
    assert not list((shop.folder / ".devenv").glob("*.yaml"))


def test_what_the_image_has_made_below_its_source_is_there_and_writable(project: MakeProject, work: Work) -> None:
    folder = project(FILES)
    person = work(folder)
    assert person.devenv("generate", "devcontainer").code == 0
    person.up()
    assert person.inside("pwd; ls -d .venv/bin/python web/node_modules/left-pad web/a.js").split() == [
        "/srv/shop", ".venv/bin/python", "web/a.js", "web/node_modules/left-pad",
    ]  # fmt: skip
    person.inside("touch .venv/new web/node_modules/new")
    assert list((folder / ".venv").iterdir()) == []
    assert (folder / ".venv").stat().st_uid == person.number
    (folder / "Dockerfile").write_text(DOCKERFILE.replace("left-pad", "right-pad"))
    assert "rebuild it in the editor" in person.devenv("editor").err
    assert person.devcontainer("up", "--no-lockfile", "--remove-existing-container").code == 0
    assert person.inside("ls web/node_modules") == "right-pad"
    kept = [name for name in volumes(folder) if ".editor-" in name]
    assert person.devenv("editor").code == 0
    assert len([name for name in volumes(folder) if ".editor-" in name]) < len(kept)


def test_an_editor_works_on_when_a_foreground_up_ends(project: MakeProject, work: Work) -> None:
    folder = project(FILES)
    person = work(folder)
    assert person.devenv("generate", "devcontainer").code == 0
    person.up()
    foreground = Cli(folder, person.env).start("up", "--no-watch")
    try:
        wait_for(lambda: "app" in running(folder), 60)
        editor = starts(folder)["app.editor"]
        foreground.send_signal(signal.SIGINT)
        assert foreground.wait(60) == 130
    finally:
        foreground.kill()
        foreground.communicate()
    assert starts(folder) == {"app.editor": editor}


@pytest.mark.parametrize("relative", [False, True])
def test_a_worktree_finds_its_repository(relative: bool, tmp_path: Path, work: Work) -> None:
    def git(*words: str, folder: Path) -> None:
        subprocess.run(["git", "-C", str(folder), *words], check=True, capture_output=True)

    main, folder = write_files(tmp_path / "main", FILES), tmp_path / "tree"
    git("init", "-q", folder=main)
    git("add", "-A", folder=main)
    git("commit", "-qm", "all", folder=main)
    git("worktree", "add", "-q", str(folder), folder=main)
    if relative:
        pointer = folder / ".git"
        pointer.write_text(pointer.read_text().replace(str(tmp_path), ".."))
    person = work(folder)
    assert person.devenv("generate", "devcontainer").code == 0
    person.up()
    script = 'cd "$(sed "s/^gitdir: //" .git)" && cat HEAD && cat "$(cat commondir)/HEAD" && ls -d "$(cat gitdir)"'
    found = person.inside(script if not relative else script.rpartition(" && ")[0])
    assert found.splitlines()[0] == "ref: refs/heads/tree"
    assert found.splitlines()[1].startswith("ref: refs/heads/ma")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("--create-home", "--no-create-home"), "has no home to write to (/home/ada)"),
        (("USER ada", 'RUN ["rm", "/bin/sh"]\nUSER ada'), "it has no /bin/sh, or no `id`"),
        (("USER ada", "USER nobody"), "has no home to write to (/nonexistent)"),
    ],
)
def test_an_image_that_no_editor_can_work_in_is_named(
    change: tuple[str, str], words: str, project: MakeProject, work: Work
) -> None:
    person = work(project(FILES | {"Dockerfile": DOCKERFILE.replace(*change)}))
    assert person.devenv("generate", "devcontainer").code == 0
    result = person.devenv("editor")
    assert result.code == 2
    assert words in result.err
    assert 'target = "dev"' in result.err
