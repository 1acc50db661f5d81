"""Sending a context's changes into containers: one archive for all that lack the same, removals by the image's own rm.

What a container holds is noted before and after, see `holdings`. Nothing is decided here but who can't be served.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from devenv.engines.compose.api import Api, ApiError
from devenv.engines.compose.exec import run_inside
from devenv.engines.compose.holdings import Holdings
from devenv.engines.compose.observe import Container
from devenv.engines.compose.owners import Owners
from devenv.engines.compose.parallel import in_parallel
from devenv.errors import EngineError
from devenv.reload.plan import Ruled

if TYPE_CHECKING:
    from devenv.engines.compose.archive import Parcel

_ARGUMENTS = 96 * 1024
"""Bytes of paths in one command: far below every kernel's limit."""
_AT_ONCE = 16 * 1024 * 1024
_REFUSALS = (
    ("read-only", "its root file system is read-only"),
    ("no space left", "its disk is full"),
    ("disk quota exceeded", "its disk is full"),
)


class CantSyncError(EngineError):
    """A container that can't take files, or can't lose them: only a new one helps. `reason` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"files can't be synced: {reason}")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Cargo:
    """What one container lacks."""

    container: Container
    changes: tuple[Ruled, ...]


def deliver(
    api: Api, holdings: Holdings, context: Path, cargos: Iterable[Cargo], owners: Owners, kept: Sequence[str] = ()
) -> dict[str, str]:
    """Bring every container what it lacks. Below `kept` lies data of the user's, which is left alone.

    Gives the paths that could not be read, with the reason, to be tried again. Raises CantSyncError, `EngineError`, or
    ApiError 404 for a container that is gone.
    """
    from devenv.engines.compose.archive import pack  # tarfile and tempfile: a command that sends nothing needs neither

    groups: dict[tuple[Ruled, ...], list[Container]] = {}
    for cargo in cargos:
        if cargo.changes:
            groups.setdefault(cargo.changes, []).append(cargo.container)
    left: dict[str, str] = {}
    for changes, containers in groups.items():
        parcel = pack(context, changes, owners, kept)
        try:
            _send(api, holdings, parcel, containers)
        finally:
            parcel.close()
        left |= parcel.left
    return left


def _send(api: Api, holdings: Holdings, parcel: Parcel, containers: Sequence[Container]) -> None:
    data = parcel.body.read(_AT_ONCE + 1)
    whole = len(data) <= _AT_ONCE

    def one(container: Container) -> None:
        if not parcel.sent:
            return
        holdings.begin(container.id, parcel.sent)
        if parcel.entries:
            _put(api, container, data if whole else parcel)
        if parcel.remove or parcel.remove_folders:
            _remove(api, container, parcel)
        holdings.done(container.id, parcel.sent)

    if whole and len(containers) > 1:
        in_parallel(one, containers)
    else:
        for container in containers:
            one(container)


def _put(api: Api, container: Container, data: bytes | Parcel) -> None:
    try:
        body = data if isinstance(data, bytes) else data.body
        api.put(f"/containers/{container.id}/archive", body, path="/", timeout=600.0)
    except ApiError as error:
        for text, reason in _REFUSALS:
            if text in error.reason:
                raise CantSyncError(reason) from error
        raise


def _remove(api: Api, container: Container, parcel: Parcel) -> None:
    """By the image's rm, as root; Python's bytecode of removed folders goes with them."""
    if not container.running:
        raise CantSyncError("files were deleted, and in a stopped container none can be")
    caches = [f"{folder}/__pycache__" for folder in parcel.remove_folders]
    for paths in _portions([*parcel.remove, *caches]):
        code, output = _run(api, container, ["rm", "-rf", "--", *paths])
        if code != 0:
            lines = output.strip().splitlines() or [f"rm exits with {code}"]
            known = next((reason for text, reason in _REFUSALS if text in output.lower()), "")
            raise CantSyncError(known or lines[-1])
    for paths in _portions(parcel.remove_folders):
        _run(api, container, ["rmdir", "--", *paths])  # what the app itself has put there stays, with its folder


def _run(api: Api, container: Container, command: Sequence[str]) -> tuple[int, str]:
    try:
        code, output = run_inside(api, container.id, command, timeout=60.0, user="0")
    except ApiError as error:
        if error.status == 404:
            raise
        code, output = 127, error.reason
    if code in (126, 127):
        raise CantSyncError(f"files were deleted, and the image has no `{command[0]}`")
    return code, output


def _portions(paths: Sequence[str]) -> Iterable[list[str]]:
    portion: list[str] = []
    size = 0
    for path in paths:
        size += len(path) + 1
        if portion and size > _ARGUMENTS:
            yield portion
            portion, size = [], len(path) + 1
        portion.append(path)
    if portion:
        yield portion
