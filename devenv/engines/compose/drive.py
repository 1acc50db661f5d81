"""Gets hold of what drives Compose, and of a Compose that is new enough; drives nothing itself.

The question takes a process and the answer's reader a long import: each goes on while the other does.
"""

from __future__ import annotations

import contextlib
import functools
import re
from pathlib import Path
from typing import TYPE_CHECKING

from devenv.engines.compose.driver_command import docker
from devenv.engines.compose.endpoint import Endpoint
from devenv.engines.compose.parallel import in_parallel
from devenv.errors import DevenvError, EngineUnavailableError
from devenv.process import output

if TYPE_CHECKING:
    from devenv.engines.compose.driver import Driver

FLOOR = (2, 40, 3)
"""Compose before 2.40.3 writes files outside the project for some remote files: CVE-2025-62725."""

_TIMEOUT = 30.0


def driver(endpoint: Endpoint, project: str, file: Path, variables: Path, *, builds: bool = False) -> Driver:
    """What drives Compose for one project file, ready at once where it `builds`. Raises `EngineUnavailableError`."""
    _ready(endpoint, builds=builds)
    from devenv.engines.compose.driver import Driver

    return Driver(endpoint, project, file, variables)


def warm(endpoint: Endpoint, *, builds: bool) -> None:
    """Do beforehand what the first creation, or build, would wait for; nothing is said of what fails."""
    with contextlib.suppress(DevenvError):
        _ready(endpoint, builds=builds)


def _ready(endpoint: Endpoint, *, builds: bool) -> None:
    def load() -> None:
        from devenv.engines.compose.driver import load_builder

        if builds:
            load_builder()

    in_parallel(lambda act: act(), (lambda: check(endpoint), load))


@functools.cache
def check(endpoint: Endpoint) -> str:
    """The version of Compose; asked once in a command.

    Raises `EngineUnavailableError` where Compose v2 is missing or older than the floor.
    """
    hint = f"install the Compose plugin {'.'.join(map(str, FLOOR))} or newer (Docker Desktop has it)"
    try:
        code, text = output([*docker(endpoint), "compose", "version"], timeout=_TIMEOUT)
    except DevenvError as error:
        raise EngineUnavailableError(error.message, hint=error.hint) from error
    if code != 0:
        raise EngineUnavailableError("Docker Compose v2 is missing", hint=hint)
    match = re.search(r"(\d+)\.(\d+)\.(\d+)", text)
    if match and tuple(int(part) for part in match.groups()) < FLOOR:
        raise EngineUnavailableError(f"Docker Compose {match[0]} is too old", hint=hint)
    return match[0] if match else text.strip()
