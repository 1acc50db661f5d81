"""A watcher in the background of a test, and what a container really holds, as the engine's archive tells it."""

from __future__ import annotations

import contextlib
import io
import json
import os
import queue
import signal
import stat
import subprocess
import tarfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.command_line import Cli
from tests.e2e.engine import Item, containers, docker_bytes, published
from tests.testbed.containers import wait_for

Event = dict[str, Any]
Seen = tuple[str, int, int, int, bytes | str]
"""Kind, mode, uid, gid, and content or target."""


@dataclass
class Watching:
    """`devenv watch --json`, and all that it has said so far."""

    process: subprocess.Popen[str]
    errors: Path
    events: list[Event] = field(default_factory=list)
    _new: queue.SimpleQueue[Event | None] = field(default_factory=queue.SimpleQueue)

    def listen(self) -> None:
        """Take in what it says, in a thread."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._new.put(json.loads(line))
        self._new.put(None)

    def wait(self, fits: Callable[[Event], bool], seconds: float = 60) -> Event:
        """The next event that fits; those before it are passed over."""
        deadline = time.monotonic() + seconds
        while True:
            left = deadline - time.monotonic()
            try:
                event = self._new.get(timeout=max(0.01, left))
            except queue.Empty:
                raise AssertionError(f"it did not come within {seconds:g} s: {self.events}") from None
            assert event is not None, f"the watcher ended: {self.events} {self.errors.read_text()}"
            self.events.append(event)
            if fits(event):
                return event

    def reload(self, *, seconds: float = 60, **fields: Any) -> Event:
        """The next `reload` with these fields."""

        def fits(event: Event) -> bool:
            return event["event"] == "reload" and all(event[name] == value for name, value in fields.items())

        return self.wait(fits, seconds)

    def so_far(self) -> list[Event]:
        """All that it has said until now."""
        with contextlib.suppress(queue.Empty):
            while (event := self._new.get_nowait()) is not None:
                self.events.append(event)
        return self.events

    @property
    def alive(self) -> bool:
        """Whether it goes on."""
        return self.process.poll() is None


@contextlib.contextmanager
def watching(cli: Cli, root: Path, *, env: Mapping[str, str] | None = None) -> Iterator[Watching]:
    """Run `devenv watch --json` for the block; it has to be alive at the end, and to end well when told to."""
    errors = root.parent / "watch.err"
    with errors.open("w") as target:
        process = cli.start("watch", "--json", cwd=root, env=env, stderr=target)
    seen = Watching(process, errors)
    thread = threading.Thread(target=seen.listen, daemon=True)
    thread.start()
    try:
        wait_for(lambda: not seen.alive or cli("status", "--json", cwd=root).json()["watcher"], 30)
        yield seen
        assert seen.alive, f"the watcher ended: {seen.events} {errors.read_text()}"
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130, errors.read_text()
        assert errors.read_text().strip() == ""
    finally:
        process.kill()
        process.wait()
        thread.join(5)
        if process.stdout:
            process.stdout.close()


def held(container: Item | str, folder: str) -> dict[str, Seen]:
    """What a container holds below a folder, running or not, by path relative to it."""
    name = container if isinstance(container, str) else container["Id"]
    result: dict[str, Seen] = {}
    with tarfile.open(fileobj=io.BytesIO(docker_bytes("cp", f"{name}:{folder}", "-"))) as tar:
        for entry in tar:
            _, _, path = entry.name.rstrip("/").partition("/")
            if not path or "__pycache__" in path:
                continue
            content: bytes | str = entry.linkname
            kind = "link" if entry.issym() else "folder" if entry.isdir() else "file"
            if entry.isfile() or entry.islnk():
                file = tar.extractfile(entry)
                content = file.read() if file else b""
            result[path] = (kind, entry.mode, entry.uid, entry.gid, content)
    return result


def wanted(folder: Path, uid: int = 0, gid: int = 0) -> dict[str, Seen]:
    """What a container should hold of a host's folder."""
    result: dict[str, Seen] = {}
    for base, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(base) / name
            seen = path.lstat()
            mode = stat.S_IMODE(seen.st_mode)
            key = path.relative_to(folder).as_posix()
            if path.is_symlink():
                result[key] = ("link", 0o777, uid, gid, str(path.readlink()))
            elif path.is_dir():
                result[key] = ("folder", mode, uid, gid, "")
            else:
                result[key] = ("file", mode, uid, gid, path.read_bytes())
    return result


def differing(root: Path, service: str, inside: str, folder: Path, uid: int = 0, gid: int = 0) -> list[str]:
    """The paths at which a service's container is not what the folder asks for."""
    try:
        have, want = held(containers(root)[service], inside), wanted(folder, uid, gid)
    except tarfile.ReadError:  # the engine cuts an archive off at a file that changes while it packs it
        return [inside]
    return sorted(path for path in have.keys() | want.keys() if have.get(path) != want.get(path))


def same(root: Path, service: str = "web") -> bool:
    """Whether a container of `tests.e2e.sources` has the sources as they are now."""
    return differing(root, service, "/app/src", root / "src", 1000, 1000) == []


def page(root: Path) -> str:
    """What the app of `tests.e2e.sources` serves."""
    return httpx.get(f"http://127.0.0.1:{published(containers(root)['web'])[8000][1]}/").text
