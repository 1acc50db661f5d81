"""Another user of the machine, who is not root: everything works for him, and nobody else sees what is his."""

from __future__ import annotations

import os
import subprocess
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
    STRANGER,
    UsersCli,
    environment,
    home,
    needs_root,
    python_in,
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
    with ExitStack() as stack:
        made: list[Site] = []

        def make(manifest: str, disk: str = "") -> Site:
            folder = stack.enter_context(home())
            if disk:
                stack.enter_context(small_disk(folder / "disk", disk))
            env = environment(folder, folder / ("disk" if disk else "home") / "state")
            python = stack.enter_context(python_in(folder / "python"))
            root = write_files(folder / "shop", {"devenv.toml": manifest})
            os.chown(root, NOBODY, NOBODY)
            made.append(Site(root, UsersCli(folder, env, python)))
            return made[-1]

        yield make
        for site in made:
            site.cli("down", cwd=site.root)
            identity.kill(processes(site.project))
            until(site.is_gone)


def test_everything_works_without_root(his: MakeHis) -> None:
    shop = his(MANIFEST)
    shop("up", "-d")
    owners = {Path(f"/proc/{pid}").stat().st_uid for pid in processes(shop.project)}
    assert owners == {NOBODY}
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
    for words in (("status",), ("logs",), ("env",)):
        shop(*words)
    assert rows(shop.env(), "select n from kept") == [(4711,)]
    shop("down")
    until(shop.is_gone)
    for words in (("up", "-d"), ("status",)):
        assert "Traceback" not in shop.cli(*words, cwd=shop.root).err
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
    shop = site(MANIFEST)
    shop("up", "-d")
    state, runtime = shop.project.state.folder, runtime_folder(shop.project)
    works = {Path(f"/proc/{pid}/cwd").resolve() for pid in processes(shop.project)}
    sockets = {Path(line.split()[-1]) for line in Path("/proc/net/unix").read_text().splitlines() if "PGSQL" in line}
    own = {path for path in sockets if shop.project.id in str(path)}
    assert own
    paths = [state, runtime, runtime / "supervisor", *own, *(path.parent for path in own), *state.rglob("*")]
    paths += [path for path in works if path not in (Path("/"), shop.root)]
    said = subprocess.run(
        [*words_of(STRANGER), "/usr/bin/env", "python3", "-S", "-E", "-c", LOOK],
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
    secrets = {value for name, value in env.items() if "PASSWORD" in name or ("SECRET" in name and len(value) > 9)}
    assert len(secrets) >= 2
    lines = [Path(f"/proc/{pid}/cmdline").read_text() for pid in processes(shop.project)]
    assert [line for line in lines for secret in secrets if secret in line] == []
    with redis_at(env) as client:
        assert client.ping()
