"""Which containers to make, replace, start or remove: pure, from what is wanted and what is there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from devenv.engines.compose.observe import Container


class Action(Enum):
    """What a service's container needs."""

    KEEP = "keep"
    START = "start"
    CREATE = "create"
    RECREATE = "recreate"


@dataclass(frozen=True, slots=True)
class Desired:
    """A compose service as it should be; `image_id` is known where devenv built the image."""

    service: str
    hash: str
    image_id: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One service's action and why; `container` is the one that stays, where one does."""

    service: str
    action: Action
    reason: str = ""
    container: Container | None = None

    def __str__(self) -> str:
        return f"{self.action.value} {self.service}" + (f": {self.reason}" if self.reason else "")


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps by service, in start order; `remove` are containers that nothing wants any more."""

    steps: tuple[Step, ...]
    remove: tuple[Container, ...] = ()

    def __getitem__(self, service: str) -> Step:
        return next(step for step in self.steps if step.service == service)

    def to_create(self) -> list[str]:
        """Services that Compose has to make a container for."""
        return [step.service for step in self.steps if step.action in (Action.CREATE, Action.RECREATE)]


def plan(
    desired: Sequence[Desired],
    observed: Mapping[str, Sequence[Container]],
    *,
    known: Iterable[str],
    reason: Mapping[str, str] | None = None,
) -> Plan:
    """Steps for `desired`; containers of services that are not even `known` any more are removed.

    `reason` says in words which field of a service changed, for those whose hash did.
    """
    steps, remove = [], []
    for want in desired:
        have = [
            container for container in observed.get(want.service, ()) if container.state not in ("dead", "removing")
        ]
        keep, extra = _choose(have)
        remove += extra
        steps.append(_step(want, keep, reason or {}))
    known = set(known)
    for service, containers in observed.items():
        if service not in known:
            remove += containers
    return Plan(tuple(steps), tuple(remove))


def _choose(have: Sequence[Container]) -> tuple[Container | None, list[Container]]:
    """Of several containers of one service (a replacement was cut off) the running one stays, else the newest."""
    if not have:
        return None, []
    keep = next((container for container in have if container.running), have[0])
    return keep, [container for container in have if container is not keep]


def _step(want: Desired, keep: Container | None, reason: Mapping[str, str]) -> Step:
    if keep is None:
        return Step(want.service, Action.CREATE)
    if keep.hash != want.hash:
        return Step(want.service, Action.RECREATE, reason.get(want.service, "its configuration changed"), keep)
    if want.image_id and keep.image_id != want.image_id:
        return Step(want.service, Action.RECREATE, reason.get(want.service, "its image changed"), keep)
    return Step(want.service, Action.KEEP if keep.running else Action.START, container=keep)
