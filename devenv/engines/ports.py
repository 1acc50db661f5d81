"""Host ports: the one asked for if it is free, else the next; once chosen it stays; asks sockets only."""

from __future__ import annotations

import itertools
import socket
from collections.abc import Callable, Collection, Iterable

from devenv.errors import DevenvError
from devenv.events import Notice, Reporter
from devenv.stack import Bindings, Port, Service

LOOPBACK = "127.0.0.1"
_LAST = 65535
_QUIET = (10240, 32767)


def allocate(
    services: Iterable[Service],
    bindings: Bindings,
    reporter: Reporter,
    *,
    held: Collection[tuple[str, int]] = (),
    strict: bool = False,
    free: Callable[[int], bool] | None = None,
) -> Bindings:
    """The bindings with a host port for every published port.

    `held` are the (service, container port)s whose container runs already: they keep what they have, and so does every
    port that was chosen before, until the manifest asks for another. A port that had to move is a Notice that says who
    holds the wanted one; with `strict` it is a `DevenvError`.
    """
    free = free or is_free
    ports, asked = dict(bindings.ports), dict(bindings.asked)
    services = list(services)
    wanted_by_all = {port.host for service in services for port in service.ports}
    taken: set[int] = {ports[key] for key in held if key in ports}
    for service in services:
        for port in service.ports:
            key = (service.name, port.container)
            before = ports.get(key)
            if before != port.host and asked.get(key, port.host) != port.host:
                before = None
            asked[key] = port.host
            if key in held and before:
                continue
            first = before or port.host
            chosen = first if first and first not in taken and free(first) else None
            if chosen is None and port.host == 0:
                chosen = _any(taken | wanted_by_all | set(ports.values()), free)
            elif chosen is None:
                _refuse(service, port, first, strict=strict or False, ours=first in taken)
                avoid = taken | wanted_by_all | set(ports.values())
                chosen = _next(first, avoid, free)
                reporter.emit(Notice(_moved(service, port, first, chosen, ours=first in taken), "warning"))
            ports[key] = chosen
            taken.add(chosen)
    return Bindings(ports, bindings.secrets, asked)


def is_free(port: int) -> bool:
    """Whether a server could listen on the port: nobody answers there, and it can be bound.

    Both are asked: on macOS a bind to one address succeeds beside a listener on all of them.
    """
    with socket.socket() as probe:
        probe.settimeout(0.2)
        if probe.connect_ex((LOOPBACK, port)) == 0:
            return False
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            server.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def holder(port: int) -> str:
    """Who listens on the port, in words; needs the right to look at other users' processes to be exact."""
    import psutil

    try:
        connections = psutil.net_connections("tcp")
    except (psutil.Error, OSError):
        return "another process"
    for connection in connections:
        listens = connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port
        if listens and connection.pid:
            try:
                return f"{psutil.Process(connection.pid).name()} (process {connection.pid})"
            except psutil.Error:
                break
    return "another process"


def _any(avoid: Collection[int], free: Callable[[int], bool]) -> int:
    """A free port below those that the system gives to connections going out, which come and go at any moment."""
    import random

    first = random.randint(*_QUIET)  # noqa: S311 - nothing secret: projects that come up at once should not meet
    return first if first not in avoid and free(first) else _next(first, avoid, free)


def _next(first: int, avoid: Collection[int], free: Callable[[int], bool]) -> int:
    low = first + 1 if first >= 1024 else first + 8000  # a port below 1024 may need rights that we do not have
    for number in itertools.chain(range(low, _LAST + 1), range(1024, low)):
        if number not in avoid and free(number):
            return number
    raise DevenvError("no free port on 127.0.0.1")


def _refuse(service: Service, port: Port, number: int, *, strict: bool, ours: bool) -> None:
    if strict:
        who = "another service of this project" if ours else holder(number)
        hint = "end it, or leave out --strict-ports to take the next free port"
        raise DevenvError(f"port {number} of `{service.name}` is in use by {who}", hint=hint)


def _moved(service: Service, port: Port, first: int, chosen: int, *, ours: bool) -> str:
    who = "another service of this project" if ours else holder(first)
    return f"port {first} is in use by {who}: `{service.name}` ({port.name}) is on {chosen} from now on"
