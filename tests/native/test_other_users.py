"""Another user of the machine, who is not root: everything works for him, and nobody else sees what is his."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from devenv.engines.native import identity
from devenv.engines.native.client import runtime_folder
from tests.conftest import write_files
from tests.e2e.clients import execute, redis_at, rows
from tests.native.conftest import MakeSite, Site
from tests.native.machine import processes, until
from tests.native.users import (
    NOBODY,
    UsersCli,
    can_run_python,
    environment,
    home_of,
    needs_root,
    resize,
    small_disk,
    words_of,
)

pytestmark = [pytest.mark.servers, needs_root]

MANIFEST = "[sidecars]\npostgres = {}\nredis = {}\n"
MakeHis = Callable[..., Site]


@pytest.fixture
def his() -> Iterator[MakeHis]:
    """Make nobody's project: `his(manifest, disk="80m")` with a disk of this size for all that devenv keeps."""
    if not can_run_python(NOBODY):
        pytest.skip(f"{NOBODY} can't reach this interpreter or this checkout")
    with ExitStack() as stack:
        made: list[Site] = []

        def make(manifest: str, disk: str = "") -> Site:
            home = stack.enter_context(home_of(NOBODY))
            if disk:
                stack.enter_context(small_disk(home / "disk", NOBODY, disk))
            env = environment(home, {"DEVENV_STATE_HOME": str(home / "disk" / "state")})
            root = write_files(home / "shop", {"devenv.toml": manifest})
            shutil.chown(root, NOBODY)
            made.append(Site(root, UsersCli(home, env)))
            return made[-1]

        yield make
        for site in made:
            site.cli("down", cwd=site.root)
            identity.kill(processes(site.project))
            until(site.is_gone)


def test_everything_works_without_root(his: MakeHis) -> None:
    shop = his(MANIFEST)
    shop("up", "-d")
    owners = {os.stat(f"/proc/{pid}").st_uid for pid in processes(shop.project)}
    assert owners == {shop.root.stat().st_uid}
    execute(shop.env(), "create table kept (n int)", "insert into kept values (4711)")
    shop("restart")
    assert rows(shop.env(), "select n from kept") == [(4711,)]
    assert "ready to accept connections" in shop("logs", "postgres").out
    shop("down")
    until(shop.is_gone)


def test_a_disk_too_small_for_the_data_is_told_and_a_larger_one_heals(his: MakeHis) -> None:
    shop = his(MANIFEST, disk="12m")
    failed = shop("up", "-d", code=1)
    assert "No space left on device" in failed.err
    shop("status")
    shop("down")
    resize(shop.root.parent / "disk", "size=200m")
    shop("up", "-d")
    assert rows(shop.env(), "select 1") == [(1,)]


def test_a_disk_that_is_full_up_to_the_last_byte_is_told(his: MakeHis) -> None:
    shop = his(MANIFEST, disk="64k")
    disk = shop.root.parent / "disk"
    _fill(disk)
    failed = shop("up", "-d", code=1)
    assert "No space left on device" in failed.err
    (disk / "filled").unlink()
    resize(disk, "size=200m")
    shop("up", "-d")


def test_a_disk_that_fills_up_loses_nothing(his: MakeHis) -> None:
    shop = his(MANIFEST, disk="120m")
    disk = shop.root.parent / "disk"
    shop("up", "-d")
    execute(shop.env(), "create table kept (n int)", "insert into kept values (4711)")
    _fill(disk)
    for words in (("status",), ("logs", "--tail", "5"), ("env",)):
        shop(*words)
    assert rows(shop.env(), "select n from kept") == [(4711,)]
    shop("down")
    until(shop.is_gone)
    _, refused = shop.cli("up", "-d", cwd=shop.root), shop.cli("status", cwd=shop.root)
    assert "Traceback" not in _.err + refused.err
    (disk / "filled").unlink()
    shop("up", "-d")
    assert rows(shop.env(), "select n from kept") == [(4711,)]


def _fill(disk: Path) -> None:
    """Leave no byte."""
    with (disk / "filled").open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue


def test_a_home_that_is_read_only_is_told(his: MakeHis) -> None:
    shop = his(MANIFEST, disk="10m")
    disk = shop.root.parent / "disk"
    resize(disk, "ro")
    failed = shop("up", "-d", code=1)
    assert "error: can't write state: Read-only file system" in failed.err
    assert shop.is_gone()
    shop("status")
    resize(disk, "rw")


LOOK = """
import os, socket, sys
def look(path):
    if os.path.islink(path): return
    try:
        if os.path.isdir(path):
            print("saw", path, os.listdir(path)) if not path.endswith("state") else None
        elif path.endswith(("supervisor", ".s.PGSQL.5432")) or ".s.PGSQL" in path:
            with socket.socket(socket.AF_UNIX) as client: client.connect(path); print("talked to", path)
        else: open(path).read(); print("read", path)
    except OSError as error: assert error.errno == 13, (path, error)
for path in sys.stdin.read().splitlines(): look(path)
"""


def test_nobody_else_can_read_state_or_talk_to_sockets(site: MakeSite) -> None:
    if not can_run_python("daemon"):
        pytest.skip("no user `daemon` that could look")
    shop = site(MANIFEST)
    shop("up", "-d")
    state, runtime = shop.project.state.folder, runtime_folder(shop.project)
    inside = [path for pid in processes(shop.project) for path in Path(f"/proc/{pid}").glob("cwd")]
    works = {Path(os.readlink(path)) for path in inside if os.path.exists(path)}
    sockets = {Path(line.split()[-1]) for line in Path("/proc/net/unix").read_text().splitlines() if "PGSQL" in line}
    own = {path for path in sockets if shop.project.id in str(path)}
    assert own
    paths = [state, runtime, runtime / "supervisor", *own, *(path.parent for path in own), *state.rglob("*")]
    paths += [path for path in works if path not in (Path("/"), shop.root)]
    said = subprocess.run(
        [*words_of("daemon"), sys.executable, "-S", "-E", "-c", LOOK],
        input="\n".join(map(str, paths)),
        capture_output=True,
        text=True,
        cwd="/",
    )
    assert (said.stdout, said.stderr) == ("", "")


def test_no_secret_is_seen_in_the_list_of_processes(site: MakeSite) -> None:
    shop = site(f"{MANIFEST}s3mock = {{}}\n")
    shop("up", "-d")
    env = shop.env()
    secrets = {value for name, value in env.items() if "PASSWORD" in name or "SECRET" in name}
    assert len(secrets) >= 3
    lines = [Path(f"/proc/{pid}/cmdline").read_text() for pid in processes(shop.project)]
    assert [line for line in lines for secret in secrets if secret in line] == []
    with redis_at(env) as client:
        assert client.ping()
