"""How readiness is asked, from outside and from inside, for what a manifest says in `ready`."""

from __future__ import annotations

from devenv.manifest.model import Ready
from devenv.resolve.context import Draft, Path
from devenv.stack import Check, Health, Port

# Images differ in what they have; the first client that is there asks. Each exits non-zero for an error status.
_HTTP_CLIENTS = " || ".join(
    (
        "wget -q -O /dev/null '{url}' 2>/dev/null",
        "curl -fsS -o /dev/null '{url}' 2>/dev/null",
        "python3 -c 'import urllib.request as u; u.urlopen(\"{url}\", timeout=3)' 2>/dev/null",
        "node -e 'fetch(\"{url}\").then(r=>process.exit(r.ok?0:1),()=>process.exit(1))' 2>/dev/null",
    )
)


def check_of(ready: Ready | None, ports: tuple[Port, ...]) -> tuple[Check, ...]:
    """The checks from outside: what `ready` says, else that the first port keeps a connection, else that it runs."""
    if ready is None:
        return (Check("tcp", ports[0].container),) if ports else (Check("running"),)
    if ready.http is not None:
        params = (("path", (ready.http,)), *((("status", (ready.status,)),) if ready.status else ()))
        return (Check("http", ready.port or (ports[0].container if ports else 80), params),)
    if ready.tcp is not None:
        return (Check("tcp", ready.tcp),)
    if ready.command is not None:
        return (Check("command", command=tuple((word,) for word in ready.command)),)
    return (Check("log", params=(("text", (ready.log or "",)),)),)


def check_ports(draft: Draft, path: Path, ready: Ready | None, ports: tuple[Port, ...]) -> None:
    """A port that is asked must be published: nothing outside could reach it, and `up` would wait in vain."""
    if ready is None:
        return
    if ready.http is not None and ready.port is None and not ports:
        draft.problem("`http` asks a port, and there is none", (*path, "ready"), "list it: ports = [8000]")
    for key in ("port", "tcp"):
        number = getattr(ready, key)
        if number is not None and number not in [port.container for port in ports]:
            hint = f"list it: ports = [{', '.join(str(n) for n in (*(port.container for port in ports), number))}]"
            draft.problem(f"port {number} is not in `ports`, so it can't be asked", (*path, "ready", key), hint)


def health_of(ready: Ready | None, ports: tuple[Port, ...]) -> Health | None:
    """The same inside the container; None for what only an observer from outside can see."""
    if ready is None:
        return None
    if ready.command is not None:
        return Health(tuple((word,) for word in ready.command))
    if ready.http is not None and ready.status is None:
        port = ready.port or (ports[0].container if ports else 80)
        script = _HTTP_CLIENTS.replace("{url}", f"http://127.0.0.1:{port}{ready.http}")
        return Health((("sh",), ("-c",), (script,)), start_interval="1s")
    return None
