"""Starting a container's process anew, as fast as it can be done without cutting off who wants to end in order.

A signal that process 1 of a container neither catches nor waits for is ignored by the kernel (pid_namespaces(7)), so
that the engine would wait the whole grace period before it kills. Who has no use for the signal, or not yet, is killed
at once. The engine's own `ps` tells, whose masks are those of /proc/PID/status; no program of the image is needed.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any

from devenv.engines.compose.api import Api, ApiError


def bounce(api: Api, container: str) -> None:
    """Restart a container, or start it where it has ended. Raises ApiError."""
    prepare(api, container)()


def prepare(api: Api, container: str) -> Callable[[], None]:
    """Find out how a container is best restarted, and give what does it: the asking can be done beside other things.

    Both raise ApiError.
    """
    inspected = api.get(f"/containers/{container}/json")
    state = inspected["State"]
    if not state["Running"]:
        return lambda: api.post(f"/containers/{container}/start")
    options: dict[str, Any] = {} if listens(api, inspected) else {"t": 0}

    def restart() -> None:
        if state.get("Paused"):
            api.post(f"/containers/{container}/unpause")
        api.post(f"/containers/{container}/restart", timeout=180.0, **options)

    return restart


def listens(api: Api, inspected: dict[str, Any]) -> bool:
    """Whether process 1 does something at its stop signal; True where that can't be known."""
    number = _number(inspected["Config"].get("StopSignal") or "SIGTERM")
    if number is None or number == signal.SIGKILL:
        return number is None
    try:
        answer = api.get(f"/containers/{inspected['Id']}/top", timeout=5.0, ps_args="-o pid,caught,blocked")
    except ApiError:  # the engine's machine has another `ps`
        return True
    bit = 1 << (number - 1)
    for pid, *masks in answer.get("Processes") or ():
        if pid == str(inspected["State"]["Pid"]):
            return any(int(mask, 16) & bit for mask in masks)
    return True


def _number(name: str) -> int | None:
    """A signal's number on Linux, which the engine runs on, from its name or number."""
    if name.isdecimal():
        return int(name)
    name = name if name.startswith("SIG") else f"SIG{name}"
    if name.startswith("SIGRTMIN"):
        offset = name.removeprefix("SIGRTMIN").lstrip("+") or "0"
        return 34 + int(offset) if offset.isdecimal() else None
    return _LINUX.get(name)


_LINUX = {
    "SIGHUP": 1,
    "SIGINT": 2,
    "SIGQUIT": 3,
    "SIGKILL": 9,
    "SIGUSR1": 10,
    "SIGUSR2": 12,
    "SIGTERM": 15,
    "SIGWINCH": 28,
}
