"""Many times up and down: nothing is left of it, and the last time is not slower than the first."""

from __future__ import annotations

import os
import re
import statistics
import time
from pathlib import Path

import pytest

from devenv.engines.native.client import runtime_folder
from devenv.engines.native.serving import bases
from tests.native.conftest import MakeSite, Site
from tests.native.machine import processes, until

pytestmark = pytest.mark.servers

SOAK = bool(os.environ.get("DEVENV_SOAK"))
POSTGRES_AND_REDIS = """
[sidecars.postgres]
ports = ["25432:5432"]
[sidecars.redis]
ports = ["26379:6379"]
"""


def files(site: Site) -> set[str]:
    """All that is in the project's folders of state: names of servers' own files may differ."""
    folder = site.project.state.folder
    return {path.name for path in (*folder.iterdir(), *(folder / "logs").iterdir())}


def shared(site: Site) -> set[str]:
    """The shared memory that the project's processes hold: the ids of SysV segments, the names of POSIX ones."""
    found: set[str] = set()
    for pid in processes(site.project):
        maps = Path(f"/proc/{pid}/maps").read_text()
        found |= set(re.findall(r" (\d+) +/SYSV[0-9a-f]+", maps)) | set(re.findall(r"/dev/shm/(\S+)", maps))
    return found


def there(ids: set[str]) -> set[str]:
    """Those that the kernel still has."""
    segments = {line.split()[1] for line in Path("/proc/sysvipc/shm").read_text().splitlines()[1:]}
    return ids & (segments | {path.name for path in Path("/dev/shm").iterdir()})


def cycles(site: Site, count: int) -> list[float]:
    """Seconds that each `up` and `down` took; looks at what is left at the end, and now and then."""
    took: list[float] = []
    used: set[str] = set()
    known: set[str] = set()
    for number in range(count):
        begun = time.monotonic()
        site("up", "-d", "--timeout", "30")
        middle = time.monotonic()
        used |= shared(site)
        looked = time.monotonic()
        site("down")
        took.append(middle - begun + time.monotonic() - looked)
        if number % 10 == 0 or number == count - 1:
            until(site.is_gone)
            runtime = [runtime_folder(site.project), *(base / "run" for base in bases(site.project))]
            assert [path for folder in runtime if folder.exists() for path in folder.iterdir()] == []
            assert there(used) == set()
            known = known or files(site)
            assert files(site) == known
    assert used
    return took


def compared(name: str, took: list[float]) -> float:
    """How much slower the last tenth was than the first."""
    tenth = max(len(took) // 10, 1)
    first, last = statistics.median(took[1 : tenth + 1]), statistics.median(took[-tenth:])
    print(f"{name}: {len(took)} times, median of the first {tenth} {first:.3f} s, of the last {tenth} {last:.3f} s")
    return last / first


def test_postgres_and_redis(site: MakeSite) -> None:
    took = cycles(site(POSTGRES_AND_REDIS), 1000 if SOAK else 10)
    ratio = compared("postgres, redis", took)
    assert ratio < 1.2 or not SOAK


def test_with_s3mock(site: MakeSite) -> None:
    took = cycles(site(f"{POSTGRES_AND_REDIS}[sidecars.s3mock]\n"), 100 if SOAK else 2)
    ratio = compared("postgres, redis, s3mock", took)
    assert ratio < 1.2 or not SOAK
