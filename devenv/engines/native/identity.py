"""Which process is which: a pid with what tells it from a later one, sessions, marks; the only home of psutil here."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from devenv.engines.native.program import MARK

_BOOT = Path("/proc/sys/kernel/random/boot_id")


def identity(pid: int) -> str | None:
    """What no other process ever shares with this one; None where there is no such process, or only its remains.

    On Linux the boot and the tick of its start (proc(5), field 22 of stat): a clock that is set does not change it.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError, IndexError):
            fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
            if fields[0] in (b"Z", b"X"):
                return None
            return f"{_BOOT.read_text().strip()} {fields[19].decode()}"
        return None
    import psutil

    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else f"{process.create_time():.3f}"
    except psutil.Error:
        return None


def in_session(leader: int) -> list[int]:
    """The living processes of the session that a process leads, itself too, also when it is gone.

    A pid is not given away while a session is called by it (POSIX, "process ID"), so that these are its own.
    """
    return [pid for pid in _pids() if _session(pid) == leader and identity(pid)]


def marked(mark: str, folders: Sequence[str], pids: Iterable[int] | None = None) -> list[int]:
    """Living processes whose environment had this mark, or one below it, at their start; all that we may look at.

    Some servers write their title over their environment, so that nothing is left of it (redis; postgres' children):
    those count that work in one of the `folders`.
    """
    wanted = f"{MARK}={mark}".encode()
    return [pid for pid in (_pids() if pids is None else pids) if _has(pid, wanted, folders) and pid != os.getpid()]


def children() -> list[int]:
    """Our own children, those that we have inherited among them."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):  # a kernel may be built without it (CONFIG_PROC_CHILDREN)
            return [int(pid) for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()]
    import psutil

    return [child.pid for child in psutil.Process().children()]


def send(pids: Iterable[int], number: int) -> None:
    """Send a signal to each that is still there."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def send_group(leader: int, number: int) -> None:
    """Send a signal to the group that a process leads, whether it is there itself or not."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, number)


def kill(pids: Iterable[int]) -> None:
    """End processes that had their time."""
    send(pids, signal.SIGKILL)


def _pids() -> Iterator[int]:
    if sys.platform == "linux":
        yield from (int(name) for name in os.listdir("/proc") if name.isdigit())  # noqa: PTH208 - names are enough
        return
    import psutil

    yield from psutil.pids()


def _session(pid: int) -> int:
    try:
        return os.getsid(pid)
    except OSError:
        return 0


def _has(pid: int, wanted: bytes, folders: Sequence[str]) -> bool:
    environment = _environment(pid)
    if any(environment):
        return any(entry == wanted or entry.startswith(wanted + b"/") for entry in environment)
    works_in = f"{_folder(pid)}/"
    return identity(pid) is not None and any(works_in.startswith(f"{folder}/") for folder in folders)


def _environment(pid: int) -> list[bytes]:
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        return []
    import psutil

    with contextlib.suppress(psutil.Error, OSError):
        return [f"{name}={value}".encode() for name, value in psutil.Process(pid).environ().items()]
    return []


def _folder(pid: int) -> str:
    """Where a process works; nowhere for what we may not look at, and for the kernel's own."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            return os.readlink(f"/proc/{pid}/cwd")  # noqa: PTH115 - the text, whether there is such a folder or not
        return ""
    import psutil

    with contextlib.suppress(psutil.Error, OSError):
        return psutil.Process(pid).cwd()
    return ""
