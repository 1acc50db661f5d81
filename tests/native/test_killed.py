"""`kill -9` of the command, of the supervisor and of everything, at any moment: the next `up` heals, data is whole."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from devenv.engines.native import identity
from tests.e2e.clients import execute, redis_at, rows
from tests.native.conftest import MakeSite, Site
from tests.native.machine import keeper_of, processes, until

pytestmark = pytest.mark.servers

MANIFEST = '[sidecars.postgres]\ndatabases = ["shop", "reports"]\nextensions = ["plpgsql"]\n[sidecars.redis]\n'
SOAK = bool(os.environ.get("DEVENV_SOAK"))
STEPS = 100 if SOAK else 6
FIRST, SPAN = 0.25, 1.0
"""Seconds after the begin of the first `up` in which it makes its data, and how long that takes."""


def fill(site: Site) -> None:
    """Leave something in both."""
    execute(site.env(), "create table kept (n int)", "insert into kept values (4711)")
    with redis_at(site.env()) as client:
        client.set("kept", "4711")


def filled(site: Site) -> bool:
    """Whether it is there still."""
    with redis_at(site.env()) as client:
        return rows(site.env(), "select n from kept") == [(4711,)] and client.get("kept") == "4711"


def kill(*pids: int) -> None:
    """At once, and see them gone."""
    identity.kill(pids)
    until(lambda: not any(map(identity.identity, pids)))


def busy_query(site: Site) -> threading.Thread:
    """A query on its way, which only the end of its server ends."""
    busy = threading.Thread(target=_compute, args=(site.env()["DATABASE_URL"],))
    busy.start()
    until(lambda: rows(site.env(), "select 1 from pg_stat_activity where query like '%10^12%' and state = 'active'"))
    return busy


def moments() -> Iterator[float]:
    """Moments of the first `up`, so many for a soak that they are 10 ms apart."""
    return (FIRST + SPAN * number / STEPS for number in range(STEPS))


def test_a_killed_supervisor_is_healed_by_the_next_up(site: MakeSite) -> None:
    shop = site(MANIFEST)
    shop("up", "-d")
    fill(shop)
    kill(keeper_of(shop.project))
    shop("up", "-d")
    assert filled(shop)
    kill(keeper_of(shop.project))
    until(lambda: set(shop.states().values()) <= {"stopped", "exited", "missing"})
    shop("down")
    assert shop.is_gone()


def test_a_supervisor_and_its_command_can_be_killed(site: MakeSite) -> None:
    shop = site(MANIFEST)
    shop("up", "-d")
    fill(shop)
    command = shop.cli.start("up", "--no-watch", cwd=shop.root, stderr=subprocess.DEVNULL)
    kill(keeper_of(shop.project))
    command.kill()
    command.communicate(timeout=30)
    shop("up", "-d")
    assert filled(shop)


def test_everything_can_be_killed_at_once_with_a_query_on_its_way(site: MakeSite) -> None:
    """A backend that computes does not see its server's end, and the next server waits for the memory they share."""
    shop = site(MANIFEST)
    shop("up", "-d")
    fill(shop)
    busy = busy_query(shop)
    pids = processes(shop.project)
    backends = [pid for pid in pids if _words(pid).startswith(b"postgres: ")]
    assert backends
    kill(*(pid for pid in pids if pid not in backends))
    busy_ones = [pid for pid in backends if identity.identity(pid)]
    shop("up", "-d")
    assert rows(shop.env(), "select n from kept") == [(4711,)]  # redis writes to the disk every now and then only
    assert not any(map(identity.identity, busy_ones))
    busy.join(30)
    shop("down")


def _words(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def _compute(url: str) -> None:
    with pytest.raises(psycopg.OperationalError), psycopg.connect(url) as connection:
        connection.execute("select count(*) from generate_series(1, (10^12)::bigint) n where n % 2 = 3")


def test_a_killed_server_comes_back_by_itself(site: MakeSite) -> None:
    """Also one whose children still share its memory."""
    shop = site(MANIFEST)
    shop("up", "-d")
    fill(shop)
    busy = busy_query(shop)
    (leader,) = (pid for pid in processes(shop.project) if b"/postgres\0-D" in _words(pid))
    kill(leader)
    busy.join(30)
    until(lambda: shop.states()["postgres"] == "ready", 20)
    assert filled(shop)


def test_a_command_killed_in_the_middle_of_up_is_healed_by_the_next(site: MakeSite) -> None:
    for number, moment in enumerate(moments()):
        shop = site(MANIFEST, f"command-{number}")
        _cut_off(shop, moment)
        _heals(shop)


def test_a_half_made_cluster_is_made_anew(site: MakeSite) -> None:
    """Everything is killed while the data is made for the first time."""
    for number, moment in enumerate(moments()):
        shop = site(MANIFEST, f"everything-{number}")
        _cut_off(shop, moment)
        kill(*processes(shop.project))
        _heals(shop)


def _cut_off(shop: Site, moment: float) -> None:
    command = shop.cli.start("up", "-d", cwd=shop.root)
    time.sleep(moment)
    command.send_signal(signal.SIGKILL)
    command.communicate(timeout=30)


def _heals(shop: Site) -> None:
    shop("up", "-d")
    env = shop.env()
    for database in ("shop", "reports"):
        assert rows(env, "select 1", database=database) == [(1,)]
    with redis_at(env) as client:
        assert client.ping()
    shop("down")
    until(shop.is_gone)
    shop("destroy", "--yes", "--no-dump")
