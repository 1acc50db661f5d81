"""`python -m benchmarks reload`: from a save to what is served, beside `docker compose watch` in the same run."""

from __future__ import annotations

import functools
import hashlib
import os
import random
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from benchmarks.reload_sides import Both, Side, get, until
from benchmarks.sides import DEVENV
from benchmarks.timing import clock


def quantile(times: Iterable[float], share: float) -> float:
    """The nearest rank."""
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, round(share * len(ordered) + 0.5) - 1)]


def row(
    name: str,
    ours: list[float],
    theirs: list[float],
    reach: float | None,
    share: float = 0.5,
    peer: str = "compose watch",
) -> None:
    """One line: ours, theirs, and the ratio beside what is to be reached."""
    mine = quantile(ours, share) if share != 0.5 else statistics.median(ours)
    text = f"{name:44} {mine * 1000:8.1f} ms"
    if theirs:
        other = quantile(theirs, share) if share != 0.5 else statistics.median(theirs)
        text += f"   {peer} {other * 1000:8.1f} ms   {mine / other:6.3f} x"
        if reach is not None:
            text += f"  (at most {reach} x: {'reached' if mine / other <= reach else 'not reached'})"
    print(text, flush=True)


def in_turn(both: Both, runs: int, act: Callable[[Side, int], float]) -> tuple[list[float], list[float]]:
    """Both sides in turn, with a pause in which a person would think."""
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(runs):
        for side, found in zip(both.sides, times, strict=True):
            time.sleep(0.6 + random.random() * 0.4)
            found.append(act(side, number))
    return times


def saves(runs: int) -> None:
    """One save, in place and by rename; many new files; a lock file."""
    both = Both(restart=False)
    try:
        both.begin()
        ours, theirs = in_turn(both, runs, lambda side, n: side.save("src/data.txt", f"save {n} {side.port}"))
        row("one save → served, p50", ours, theirs, 0.03)
        row("one save → served, p95", ours, theirs, 0.06, 0.95)
        ours, theirs = in_turn(both, runs, lambda side, n: side.save("src/data.txt", f"rename {n}", rename=True))
        row("save by rename → served, p50", ours, theirs, 0.05)
        few = max(3, runs // 5)
        ours, theirs = in_turn(both, few, many)
        row("500 new files, the last one served", ours, theirs, 0.15)
        ours, theirs = in_turn(both, few, lambda side, n: side.save("lock.txt", f"lock {n} {time.time()}"))
        row("lock file → rebuilt and serving", ours, theirs, 1.0)
    finally:
        both.close()


def many(side: Side, number: int) -> float:
    """500 new files, then one that is asked for."""
    folder = side.folder / f"src/many{number}"
    begin = time.perf_counter()
    folder.mkdir()
    for each in range(500):
        (folder / str(each)).write_bytes(b"x" * 4096)
    (side.folder / "src/data.txt").write_text(f"many {number}")
    return side.served("src/data.txt", f"many {number}", begin)


def restarts(runs: int) -> None:
    """One save for a process that reads at its start only."""
    both = Both(restart=True)
    try:
        both.begin()
        ours, theirs = in_turn(both, runs, lambda side, n: side.save("src/data.txt", f"save {n}"))
        row("one save → restarted process serving, p50", ours, theirs, 0.4)
    finally:
        both.close()


def down(runs: int) -> None:
    """Edits made while it was down: compose watch never applies them, so there is nothing to compare with."""
    both = Both(restart=False)
    side = both.ours
    try:
        side.run(side.start)
        times = []
        for number in range(runs):
            side.run(["docker", "stop", "-t", "0", side.container])
            (side.folder / "src/data.txt").write_text(f"down {number}")
            begin = time.perf_counter()
            side.run(side.start)
            times.append(side.served("src/data.txt", f"down {number}", begin, 10))
        row("edits while down, `up -d` → served", times, [], None)
    finally:
        side.run(side.stop)
        both.theirs.run(both.theirs.stop)


def tree(root: Path) -> bytes:
    """What a folder holds, as the app's own `/tree` tells it."""
    files = sorted((path.relative_to(root).as_posix(), path) for path in root.rglob("*") if path.is_file())
    whole = b"".join(name.encode() + b"\0" + path.read_bytes() for name, path in files)
    return hashlib.sha256(whole).hexdigest().encode()


def checkouts(runs: int, count: int = 5000) -> None:
    """A git checkout that changes, adds and deletes thousands of files, until the trees are equal."""
    both = Both(restart=False)
    try:
        for side in both.sides:
            commit_two(side.folder, count)
            side.run(["git", "checkout", "-q", "one"])
        both.begin()
        ours, theirs = in_turn(both, runs, lambda side, n: checkout(side, ("two", "one")[n % 2]))
        row(f"{count}-file checkout → equal tree", ours, theirs, 0.5)
    finally:
        both.close()


def commit_two(folder: Path, count: int) -> None:
    """A repository with two branches that differ in `count` files."""

    def git(*words: str) -> None:
        identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
        subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True)

    git("init", "-q", "-b", "one")
    for branch in ("one", "two"):
        if branch == "two":
            git("checkout", "-qb", branch)
        for number in range(count):
            path = folder / f"src/tree/{number % 50}/f{number}"
            path.parent.mkdir(parents=True, exist_ok=True)
            if branch == "two" and number % 10 == 0:
                path.unlink()
            else:
                path.write_text(f"{branch} {number}\n" * 20)
        git("add", "-A", "src")
        git("commit", "-qm", branch)


def checkout(side: Side, branch: str) -> float:
    """Seconds from the checkout's start until the container's tree is the branch's."""
    begin = time.perf_counter()
    subprocess.run(["git", "checkout", "-q", branch], cwd=side.folder, check=True, capture_output=True)
    wanted = tree(side.folder / "src")
    try:
        return until(lambda: get(side.port, "tree") == wanted, begin, 60, pause=0.1)
    except TimeoutError:
        print(f"{side.folder.name}: the tree is not equal after 60 s")
        return 60.0


def idle(count: int = 50_000) -> None:
    """What a watcher costs while nothing happens, over a context of many files beside folders that nobody watches."""
    both = Both(restart=False)
    side = both.ours
    try:
        for number in range(count):
            path = side.folder / f"src/tree/{number % 500}/{number}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("x")
        for number in range(300):
            (side.folder / f"node_modules/{number}/deep").mkdir(parents=True)
        side.begin()
        assert side.process
        side.save("src/data.txt", "awake")
        for name, pause, seconds in (("just after a save", 0.0, 15.0), ("later", 45.0, 240.0)):
            time.sleep(pause)
            before = spent(side.process.pid)
            time.sleep(seconds)
            share = (spent(side.process.pid) - before) / seconds
            print(
                f"idle watcher, {count} files, {name:20} {share * 100:6.2f} % of a core   {watches(side.process.pid)}"
            )
        begin = time.perf_counter()
        row(f"one save among {count} files → served", [side.save("src/data.txt", f"{begin}")], [], None)
    finally:
        both.close()


def whys(runs: int, count: int = 10_000) -> None:
    """What `why` takes over many files, beside a build of them that is all in the builder's cache."""
    both = Both(restart=False)
    side = both.ours
    image = f"{both.base.name.lower()}-app"
    build = ["docker", "build", "--quiet", "--tag", image, "."]
    try:
        for number in range(count):
            path = side.folder / f"src/tree/{number % 100}/{number}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"x = {number}\n" * 20)
        for path in ("src/data.txt", "."):
            acts = (functools.partial(side.run, [*DEVENV, "why", path]), functools.partial(side.run, build))
            for act in acts:
                act()
            ours, theirs = zip(*([clock(act) for act in acts] for _ in range(runs)), strict=True)
            row(f"why {path}, {count} files", [*ours], [*theirs], 0.5, peer="cached docker build")
    finally:
        subprocess.run(["docker", "image", "rm", "-f", image], capture_output=True)
        shutil.rmtree(both.base)


def spent(pid: int) -> float:
    """Seconds of processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def watches(pid: int) -> str:
    """How many inotify watches a process has."""
    texts = [path.read_text() for path in Path(f"/proc/{pid}/fdinfo").iterdir()]
    return f"{sum(text.count('inotify wd') for text in texts)} watches"


def main(runs: int) -> None:
    """All rows."""
    saves(runs)
    restarts(max(3, runs // 2))
    down(max(3, runs // 5))
    checkouts(max(2, runs // 10))
    whys(runs)
    idle()
