"""A command inside a running container, through the Engine API; for terminals `interactive` hands over to the CLI."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from devenv.engines.compose.api import Api
from devenv.engines.compose.logs import payload

_LIMIT = 256 * 1024


def run_inside(
    api: Api,
    container: str,
    command: Sequence[str],
    *,
    timeout: float,
    env: Mapping[str, str] | None = None,
    user: str = "",
) -> tuple[int, str]:
    """Run it to its end, as the image's own user by default; gives its exit code and what it wrote, at most 256 KiB."""
    body = {
        "Cmd": list(command),
        "User": user,
        "AttachStdout": True,
        "AttachStderr": True,
        "Env": [f"{name}={value}" for name, value in (env or {}).items()],
    }
    created = api.post(f"/containers/{container}/exec", body)
    output = b""
    start = {"Detach": False, "Tty": False}
    with api.stream("POST", f"/exec/{created['Id']}/start", start, timeout=timeout) as response:
        for _, data in payload(response, multiplexed=True):
            if len(output) < _LIMIT:
                output += data
    code = api.get(f"/exec/{created['Id']}/json")["ExitCode"]
    return (-1 if code is None else int(code)), output.decode(errors="replace")
