"""What a supervisor costs while nothing happens, and while a service floods its log."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from devenv.engines.native import logs
from devenv.engines.native.log import LARGEST, predecessor
from tests.native.conftest import Keeper
from tests.native.machine import keeper_of, until

SOAK = bool(os.environ.get("DEVENV_SOAK"))
MEBI = 1 << 20


def resident(pid: int) -> int:
    """Bytes of memory that a process has for itself."""
    fields = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(fields["VmRSS"].split()[0]) * 1024


def busy(pid: int) -> tuple[float, int]:
    """Seconds of CPU that a process has had, and how often it was woken."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    woken = Path(f"/proc/{pid}/status").read_text().partition("\nvoluntary_ctxt_switches:")[2].split()[0]
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"), int(woken)


@pytest.mark.servers
def test_an_idle_supervisor_costs_next_to_nothing(keeper: Keeper) -> None:
    for number in range(5):
        keeper.start(f"server-{number}", "sleep", "1000")
    pid = keeper_of(keeper.project)
    span = 30 if SOAK else 6
    seconds, woken = busy(pid)
    threading.Event().wait(span)
    used, often = busy(pid)[0] - seconds, busy(pid)[1] - woken
    print(f"idle supervisor: {resident(pid) / MEBI:.1f} MiB, {used:.2f} s of CPU in {span} s, woken {often} times")
    assert resident(pid) < 25 * MEBI
    assert used <= 0.02
    assert often <= span


@pytest.mark.servers
def test_a_flood_of_output_is_kept_in_bounds_while_others_are_served(keeper: Keeper) -> None:
    size = (1024 if SOAK else 256) * MEBI
    keeper.start("other", "sh", "-c", "while sleep 0.02; do echo tick; done")
    keeper.start("flood", "sh", "-c", f"yes 0123456789012345678901234567890123456789 | head -c {size}; echo done")
    pid, log = keeper_of(keeper.project), keeper.folder / "flood.log"
    slowest, largest, ticks, begun = 0.0, 0, 0, time.monotonic()
    while keeper.seen("flood").alive:
        asked = time.monotonic()
        keeper.supervision.seen()
        slowest = max(slowest, time.monotonic() - asked)
        largest = max(largest, resident(pid))
        ticks = keeper.said("other").count("tick")
        kept = sum(path.stat().st_size for path in (log, predecessor(log)) if path.exists())
        assert kept <= 2 * (LARGEST + MEBI)
    took = time.monotonic() - begun
    print(f"{size / MEBI:.0f} MiB in {took:.1f} s; slowest answer {slowest:.3f} s; supervisor {largest / MEBI:.1f} MiB")
    assert logs.tail(log, lines=1)[0].endswith("done")
    assert largest < 30 * MEBI
    assert slowest < 1.0
    assert ticks >= took / 0.02 / 10


def test_who_follows_many_logs_hears_of_all_while_one_is_full_of_endless_lines(tmp_path: Path) -> None:
    flood, other = tmp_path / "flood.log", tmp_path / "other.log"
    flood.touch()
    other.touch()
    stop = threading.Event()
    following = logs.follow({"flood": flood, "other": other}, stop.is_set, lines=0)
    heard: list[tuple[str, str]] = []
    reader = threading.Thread(target=lambda: heard.extend(following))
    reader.start()
    until(lambda: ("other", "tick") in heard or _write(other, b"tick\n"))  # nothing is told from before it looks
    _write(flood, b"x" * 4 * MEBI)
    _write(other, b"tock\n")
    until(lambda: ("other", "tock") in heard)
    stop.set()
    reader.join(10)
    assert max(len(text) for _, text in heard) <= 3 << 16


def _write(path: Path, data: bytes) -> bool:
    with path.open("ab") as file:
        file.write(data)
    return False
