"""What nobody wishes for: other versions, names, languages and neighbours. A clear sentence, or it works."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest

from devenv.engines.native.account import User
from devenv.engines.native.serving import bases
from tests.e2e.clients import execute, redis_at, rows
from tests.native.conftest import MakeSite, Site
from tests.native.machine import keeper_of, processes, until
from tests.native.users import STRANGER, needs_root

pytestmark = pytest.mark.servers

POSTGRES = "[sidecars]\npostgres = {}\n"
REDIS = "[sidecars]\nredis = {}\n"


def cluster(site: Site) -> Path:
    """Where postgres' data is."""
    (found,) = (path for base in bases(site.project) for path in base.glob("data/postgres.data/cluster"))
    return found


def of_version_nine(site: Site) -> dict[Path, str]:
    """Make the data look as if version 9.6 had made it; gives what was there."""
    notes = {cluster(site) / "PG_VERSION": "9.6\n", cluster(site).parent / "complete": "9.6.24"}
    before = {path: path.read_text() for path in notes}
    for path, text in notes.items():
        path.write_text(text)
    return before


def test_data_of_another_major_version_is_refused_and_kept(site: MakeSite) -> None:
    shop = site(POSTGRES)
    shop("up", "-d")
    execute(shop.env(), "create table kept (n int)", "insert into kept values (4711)")
    shop("down")
    before = of_version_nine(shop)
    failed = shop("up", "-d", code=1)
    assert re.search(r"the data of `postgres` was made by version 9, and here is \d+\.\d+", failed.err)
    assert "hint: " in failed.err
    shop("status", code=0)
    shop("down")
    for path, text in before.items():
        path.write_text(text)
    shop("up", "-d")
    assert rows(shop.env(), "select n from kept") == [(4711,)]


def test_data_of_another_major_version_can_be_removed(site: MakeSite) -> None:
    shop = site(POSTGRES)
    shop("up", "-d")
    shop("down")
    of_version_nine(shop)
    shop("destroy", "--yes", "--no-dump")
    shop("up", "-d")


@needs_root
def test_data_goes_to_an_account_that_came_later(site: MakeSite) -> None:
    """Root's own was run by `nobody` until somebody made the account `postgres`."""
    shop = site(POSTGRES)
    shop("up", "-d")
    execute(shop.env(), "create table kept (n int)", "insert into kept values (4711)")
    shop("down")
    User("earlier", STRANGER, STRANGER).owns(cluster(shop).parent.parent.parent)
    shop("up", "-d")
    assert rows(shop.env(), "select n from kept") == [(4711,)]


def test_without_a_locale_text_is_as_everywhere(site: MakeSite) -> None:
    shop = site(POSTGRES, env={"LANG": "xx_XX", "LC_ALL": ""})
    shop("up", "-d")
    execute(shop.env(), "create table kept (t text)", "insert into kept values ('žluťoučký'), ('zebra'), ('Ärger')")
    assert rows(shop.env(), "show server_encoding") == [("UTF8",)]
    assert rows(shop.env(), "select t from kept order by t") == [("zebra",), ("Ärger",), ("žluťoučký",)]
    assert rows(shop.env(), "select upper('ž')") == [("Ž",)]


LONG = "/".join(["a folder with späces, 'quotes' & 日本"] * 6)


def test_a_path_may_be_long_and_have_every_character(site: MakeSite) -> None:
    shop = site(POSTGRES + "redis = {}\n", LONG)
    assert len(str(shop.root)) >= 200
    shop("up", "-d")
    assert rows(shop.env(), "select 1") == [(1,)]
    with redis_at(shop.env()) as client:
        client.set("kept", "4711")
    assert shop("connect", "postgres", "--", "-Atc", "select 6 * 7").out.strip() == "42"
    shop("down")
    shop("up", "-d")
    with redis_at(shop.env()) as client:
        assert client.get("kept") == "4711"


def test_a_path_of_state_may_be_long_and_have_every_character(site: MakeSite, tmp_path: Path) -> None:
    shop = site(POSTGRES + "redis = {}\n", env={"DEVENV_STATE_HOME": str(tmp_path / LONG)})
    shop("up", "-d")
    assert rows(shop.env(), "select 1") == [(1,)]
    assert shop("connect", "postgres", "--", "-Atc", "select 6 * 7").out.strip() == "42"


def test_two_commands_on_one_project_at_once_are_as_one(site: MakeSite) -> None:
    shop = site(POSTGRES + "redis = {}\n")
    commands = [shop.cli.start("up", "-d", cwd=shop.root) for _ in range(3)]
    said = [command.communicate(timeout=100)[1] for command in commands]
    assert [command.returncode for command in commands] == [0, 0, 0], said
    leaders = [pid for pid in processes(shop.project) if _parent(pid) == keeper_of(shop.project)]
    assert len(leaders) == 2


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def test_projects_that_come_up_at_once_share_no_port(site: MakeSite) -> None:
    """They choose their ports at the same moment, and the later one has to choose again."""
    sites = [site(POSTGRES + "redis = {}\n", f"shop-{number}") for number in range(3)]
    commands = [each.cli.start("up", "-d", cwd=each.root) for each in sites]
    said = [command.communicate(timeout=100)[1] for command in commands]
    assert [command.returncode for command in commands] == [0, 0, 0], said
    ports = [each.env()[name] for each in sites for name in ("PGPORT", "REDIS_PORT")]
    assert len(set(ports)) == 6
    for each in sites:
        assert rows(each.env(), "select 1") == [(1,)]
        with redis_at(each.env()) as client:
            assert client.ping()


def test_a_port_that_is_taken_while_it_was_down_is_left_to_its_holder(site: MakeSite) -> None:
    shop = site(REDIS)
    shop("up", "-d")
    port = int(shop.env()["REDIS_PORT"])
    shop("down")
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", port))
        holder.listen()
        refused = shop("up", "-d", "--strict-ports", code=1)
        assert f"port {port} of `redis` is in use by" in refused.err
        assert f"port {port} is in use by" in shop("up", "-d").err
        with redis_at(shop.env()) as client:
            assert client.ping()


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ('["sh", "-c", "echo no luck; exit 3"]', "it ended with exit code 3"),
        ('["sh", "-c", "echo no luck; kill -SEGV $$"]', "it ended with exit code 139"),
        ('["sh", "-c", "echo no luck; setsid sleep 100 & exit 0"]', "left 1 processes behind"),
    ],
)
def test_an_app_that_ends_at_once_is_told_with_its_last_words(site: MakeSite, command: str, said: str) -> None:
    shop = site(f'[apps.worker]\ncommand = {command}\nready = {{ log = "never said" }}\n')
    failed = shop("up", "-d", code=1)
    assert said in failed.err
    assert "no luck" in failed.err
    until(lambda: len(processes(shop.project)) <= 1)


def test_everything_ends_when_the_project_folder_is_removed(site: MakeSite) -> None:
    shop = site(POSTGRES + "redis = {}\n")
    shop("up", "-d")
    moved = shop.root.rename(shop.root.with_name("elsewhere"))
    until(shop.is_gone, 8)
    moved.rename(shop.root)
