"""`devenv parity` on real containers: what runs is the production image, but for what the manifest declares."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.command_line import Cli
from tests.conftest import MakeProject
from tests.e2e.conftest import Up
from tests.e2e.engine import all_containers, containers, docker, project_id
from tests.e2e.sources import DOCKERFILE, ONE, written

pytestmark = pytest.mark.engine

CHANGED = {"src/page": "two", "src/new/deep.txt": "deep", "src/with blank.txt": ""}


@pytest.fixture
def root(project: MakeProject) -> Path:
    return written(project, ONE)


def images(root: Path) -> str:
    """The project's images by name, with their ids."""
    return docker("images", "--filter", f"reference={project_id(root)}*", "--format", "{{.Repository}} {{.ID}}")


def undeclared(cli: Cli, root: Path, *options: str) -> dict[str, str]:
    """What nothing declares, by name; the exit code says whether there is any."""
    result = cli("parity", *options, "--json", cwd=root)
    assert result.code in (0, 4), result.err
    (service,) = result.json()["services"]
    found = {
        each["name"] or each["aspect"]: each["development"] for each in service["differences"] if not each["declared"]
    }
    assert result.json()["equal"] == service["equal"] == (not found)
    assert result.code == (4 if found else 0)
    return found


def test_what_runs_is_the_production_image_and_stays_it_through_every_sync(root: Path, up: Up, cli: Cli) -> None:
    up(root)
    before = images(root)
    assert undeclared(cli, root) == {}
    for name, text in CHANGED.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    (root / "src/worker.py").unlink()
    (root / "src/uvicorn").chmod(0o755 - 0o4)
    stale = undeclared(cli, root)
    assert stale.keys() == {
        "/app/src/page",
        "/app/src/new",
        "/app/src/new/deep.txt",
        "/app/src/with blank.txt",
        "/app/src/worker.py",
        "/app/src/uvicorn",
    }
    assert cli("sync", cwd=root).code == 0
    assert undeclared(cli, root) == {}
    assert undeclared(cli, root, "--no-cache").keys() <= {"/locked"}
    assert images(root) == before
    assert len(all_containers(root)) == 1


def test_what_somebody_did_to_the_container_is_found(root: Path, up: Up, cli: Cli) -> None:
    up(root)
    container = containers(root)["web"]["Id"]
    script = (
        "chown 7:8 /locked; echo x >> /app/lock.txt; touch /app/left; rm -r /etc/apt; echo t > /tmp/t; chmod 700 /app"
    )
    docker("exec", "--user", "0", container, "sh", "-c", script)
    found = undeclared(cli, root)
    assert found.pop("/locked") == "owner 7:8"
    assert found.pop("/app/lock.txt") == "other content"
    assert found.pop("/app/left") == "file"
    assert found.pop("/app") == "mode 0700"
    assert found.pop("/etc/apt") == "not there"
    assert all(name.startswith("/etc/apt/") for name in found)
    text = cli("parity", cwd=root)
    assert text.code == 4
    assert "owner 0:0 → owner 7:8" in text.out


def test_a_changed_dockerfile_shows_before_it_is_built(root: Path, up: Up, cli: Cli) -> None:
    up(root)
    more = "ENV ADDED=1\nEXPOSE 9\nUSER 1000\nSTOPSIGNAL SIGINT\nWORKDIR /else\n"
    (root / "Dockerfile").write_text(DOCKERFILE + more)
    assert undeclared(cli, root).keys() == {"ADDED", "9/tcp", "user", "stop-signal", "workdir", "/else"}


def test_what_the_manifest_declares_is_listed(root: Path, up: Up, cli: Cli) -> None:
    more = 'env = { COLOUR = "red" }\nvolumes = { data = "/app/src" }\n'
    (root / "devenv.toml").write_text(ONE + more)
    up(root)
    (service,) = cli("parity", "--json", cwd=root).json()["services"]
    declared = {(each["aspect"], each["name"]): each["declared"] for each in service["differences"]}
    assert declared["command", ""] == "command"
    assert declared["env", "COLOUR"] == "env"
    assert declared["healthcheck", ""] == "ready"
    assert declared["mount", "/app/src"] == "volumes"
    assert service["equal"] is True


def test_without_a_container_there_is_nothing_to_compare(root: Path, cli: Cli) -> None:
    result = cli("parity", cwd=root)
    assert result.code == 1
    assert "`web` has no container" in result.err
    assert "devenv up" in result.err
