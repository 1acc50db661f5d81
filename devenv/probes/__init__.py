"""Ask a service from outside whether it answers its own protocol; must not wait, retry or start anything."""

from __future__ import annotations

import importlib
from collections.abc import Callable

from devenv.probes.model import Answer, Probe, publishable

__all__ = ["KINDS", "Answer", "Probe", "attempt"]

KINDS = ("http", "tcp", "postgres", "redis", "s3", "smtp")


def attempt(probe: Probe, host: str, port: int, *, timeout: float) -> Answer:
    """Ask once whether the service behind host and port is ready, and return its answer.

    host: an IP address or a host name. port: the one that the engine published probe.port on. timeout: seconds for
    the whole exchange, name look-up included; a server that sends a byte at a time does not prolong it.

    Nothing that the network or the server does raises: it is an Answer that is not ok. At most 64 KiB are read from
    one connection. Raises ValueError for an unknown kind, for params that the kind does not take, and for a port
    outside 1..65535.
    """
    from devenv.probes.connection import Deadline, NotReadyError

    deadline = Deadline(timeout)
    ask = _asker(probe.kind)
    if not 1 <= port <= 65535:
        raise ValueError(f"port {port} is outside 1..65535")
    try:
        answer = ask(probe, host, port, deadline)
    except NotReadyError as failure:
        answer = Answer(False, failure.detail, failure.code)
    return publishable(answer, probe)


def _asker(kind: str) -> Callable[..., Answer]:
    """The function that speaks a kind's protocol, from the module of its name.

    Imported by kind: an `up` with nothing to do pays only for the protocols that its project uses.
    """
    if kind not in KINDS:
        raise ValueError(f"unknown probe kind {kind!r}; known are {', '.join(KINDS)}")
    ask: Callable[..., Answer] = importlib.import_module(f"{__name__}.{kind}").ask
    return ask
