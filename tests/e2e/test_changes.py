"""A second `up` touches what changed, says which field did it, and leaves everything else alone."""

from __future__ import annotations

import shutil

import pytest

from tests.command_line import Cli
from tests.conftest import MakeProject
from tests.e2e.clients import addresses, execute, redis_at, rows
from tests.e2e.conftest import Up
from tests.e2e.engine import containers, docker, running, starts, volumes
from tests.e2e.manifests import BOTH, DOCKERFILE, MAIN, REDIS, web, worker

pytestmark = pytest.mark.engine


def test_an_up_that_changes_nothing_creates_and_restarts_nothing(project: MakeProject, up: Up) -> None:
    root = project({"devenv.toml": web() + worker() + BOTH})
    up(root)
    before = starts(root)
    assert set(before) == {"web", "worker", "postgres", "redis"}
    up(root)
    assert starts(root) == before


def test_what_was_stopped_is_started_again_and_not_made_anew(project: MakeProject, up: Up) -> None:
    root = project({"devenv.toml": web() + REDIS})
    up(root)
    before = starts(root)
    docker("stop", before["redis"][0])
    up(root)
    after = starts(root)
    assert after["redis"][0] == before["redis"][0]
    assert after["redis"][1] > before["redis"][1]
    assert after["web"] == before["web"]


def test_a_changed_value_recreates_only_its_service_and_is_named(project: MakeProject, up: Up) -> None:
    text = web(more='env = { GREETING = "one" }') + worker() + REDIS
    root = project({"devenv.toml": text})
    up(root)
    before = starts(root)
    (root / "devenv.toml").write_text(text.replace('"one"', '"two"'))
    said = up(root).err
    after = starts(root)
    assert {name for name in after if after[name] != before[name]} == {"web"}
    assert "GREETING=two" in containers(root)["web"]["Config"]["Env"]
    assert any("web" in line and "env.GREETING" in line for line in said.splitlines()), said


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("ports = [8000]", 'ports = ["8055:8000"]', "ports"),
        ('env = { A = "1" }', 'env = { A = "1", B = "2" }', "env.B"),
        ('env = { A = "1" }', "env = {}", "env.A"),
        ("volumes = {}", 'volumes = { files = "/srv" }', "volumes"),
    ],
)
def test_each_kind_of_change_is_named(project: MakeProject, up: Up, old: str, new: str, field: str) -> None:
    text = web(more='env = { A = "1" }\nvolumes = {}')
    root = project({"devenv.toml": text})
    up(root)
    before = starts(root)
    (root / "devenv.toml").write_text(text.replace(old, new))
    said = up(root).err
    assert starts(root)["web"][0] != before["web"][0]
    assert any("web" in line and field in line for line in said.splitlines()), said


def test_a_changed_comment_in_the_manifest_touches_nothing(project: MakeProject, up: Up) -> None:
    text = web() + REDIS
    root = project({"devenv.toml": text})
    up(root)
    before = starts(root)
    (root / "devenv.toml").write_text("# a word of warning\n" + text)
    up(root)
    assert starts(root) == before


BUILT = """
[apps.web]
build = "."
ports = [8000]
ready = { http = "/" }
needs = ["redis"]
[apps.worker]
build = "."
command = ["python", "-c", "import signal; print('ready'); signal.pause()"]
needs = ["redis"]
[sidecars]
redis = {}
"""


def test_a_changed_source_file_is_sent_and_starts_the_apps_anew_without_a_build(project: MakeProject, up: Up) -> None:
    root = project({"devenv.toml": BUILT, "Dockerfile": DOCKERFILE, "main.py": MAIN, ".dockerignore": "notes\n"})
    up(root)
    before, image = starts(root), containers(root)["web"]["Image"]
    (root / "main.py").write_text(MAIN.replace("version 1", "version 2"))
    said = up(root).err
    after = starts(root)
    assert {name for name in after if after[name] != before[name]} == {"web", "worker"}
    assert {name: after[name][0] for name in after} == {name: before[name][0] for name in before}
    assert containers(root)["web"]["Image"] == containers(root)["worker"]["Image"] == image
    assert "building" not in said
    assert "version 2" in docker("logs", after["web"][0])
    assert any("`main.py` changed" in line for line in said.splitlines()), said


def test_a_changed_dockerfile_rebuilds_and_recreates_the_apps_only(project: MakeProject, up: Up) -> None:
    root = project({"devenv.toml": BUILT, "Dockerfile": DOCKERFILE, "main.py": MAIN, ".dockerignore": "notes\n"})
    up(root)
    before, image = starts(root), containers(root)["web"]["Image"]
    (root / "Dockerfile").write_text(DOCKERFILE + "ENV MORE=1\n")
    said = up(root).err
    after = starts(root)
    assert {name for name in after if after[name] != before[name]} == {"web", "worker"}
    assert containers(root)["web"]["Image"] == containers(root)["worker"]["Image"] != image
    assert any("`Dockerfile` changed" in line for line in said.splitlines()), said


def test_a_file_that_the_build_does_not_see_rebuilds_nothing(project: MakeProject, up: Up) -> None:
    root = project({"devenv.toml": BUILT, "Dockerfile": DOCKERFILE, "main.py": MAIN, ".dockerignore": "notes\n"})
    up(root)
    before = starts(root)
    (root / "notes").write_text("not for the image")
    shutil.copystat(root / "Dockerfile", root / "main.py")
    assert "building" not in up(root).err
    assert starts(root) == before


MIGRATED = """
[apps.app]
build = "."
setup = ["sh", "count.sh"]
env = { REDISCLI_AUTH = "{redis.password}" }
[sidecars]
redis = {}
"""
COUNTING = {
    "devenv.toml": MIGRATED,
    "Dockerfile": "FROM redis:8\nSTOPSIGNAL SIGKILL\nWORKDIR /app\nCOPY count.sh .\n",
    "count.sh": "exec redis-cli -e -h redis incr runs\n",
}


def test_setup_runs_once_for_each_content(project: MakeProject, up: Up, cli: Cli) -> None:
    """Not at every start; again for another image, for another command and for data that was made anew."""
    root = project(COUNTING)

    def runs() -> int:
        up(root)
        with redis_at(addresses(cli, root)) as client:
            return int(str(client.get("runs")))

    assert runs() == 1
    assert runs() == 1
    assert cli("down", cwd=root).code == 0
    assert runs() == 1
    (root / "count.sh").write_text(COUNTING["count.sh"] + "# second version\n")
    assert runs() == 2
    (root / "devenv.toml").write_text(MIGRATED.replace('"count.sh"]', '"count.sh", "--all"]'))
    assert runs() == 3


def test_setup_runs_again_for_data_made_anew_beside_a_running_app(project: MakeProject, up: Up, cli: Cli) -> None:
    root = project(COUNTING)
    up(root)
    before = starts(root)
    (data,) = volumes(root)
    docker("rm", "--force", before["redis"][0])
    docker("volume", "rm", data)
    up(root)
    with redis_at(addresses(cli, root)) as client:
        assert client.get("runs") == "1"
    assert starts(root)["app"] == before["app"]


def test_what_the_manifest_no_longer_names_is_removed_and_its_data_is_kept(
    project: MakeProject, up: Up, cli: Cli
) -> None:
    root = project({"devenv.toml": worker() + BOTH})
    up(root)
    execute(addresses(cli, root), "create table t (n int)", "insert into t values (42)")
    (root / "devenv.toml").write_text(worker() + REDIS)
    up(root)
    assert running(root) == {"worker", "redis"}
    (root / "devenv.toml").write_text(worker() + BOTH)
    up(root)
    assert rows(addresses(cli, root), "select n from t") == [(42,)]
