"""What reload needs of an engine: who runs, what changed since, what was done about it; acts on nothing itself."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from devenv.stack import Bindings, Stack

if TYPE_CHECKING:
    from devenv.reload.plan import Ruled  # brings all of layout with it, which most commands have no use for


@dataclass(frozen=True, slots=True)
class Happening:
    """`kind` is what happened to an instance (start, die, destroy, unpause), or `lost` and `back` for the engine."""

    kind: str
    service: str = ""
    exit_code: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """What was done about one image, or has to be: `needs` is empty, or why it takes a build.

    `sent` says that files were sent to where it runs; where it runs on the files themselves, nothing has to be.
    """

    image: str
    services: tuple[str, ...]
    causes: tuple[Ruled, ...] = ()
    needs: str = ""
    cause: str = ""
    restarted: tuple[str, ...] = ()
    revived: tuple[str, ...] = ()
    by_itself: tuple[str, ...] = ()
    left: Mapping[str, str] = field(default_factory=dict)
    saved: float = 0.0  # when the last of the files was written, in seconds since the epoch; 0 where none is there
    sent: bool = True

    @property
    def changed(self) -> str:
        """What changed, in words."""
        from devenv.reload.plan import told

        return told(self.causes)

    @property
    def rule(self) -> str:
        """The line of the Dockerfile that decided."""
        from devenv.reload.plan import rule_of

        return rule_of(self.causes[0].ruling) if self.causes else ""


class Instance(Protocol):
    """A container or a process of a service."""

    @property
    def id(self) -> str:
        """As the engine's runtime takes it."""

    @property
    def running(self) -> bool:
        """Whether it ran when it was seen."""


Instances = Mapping[str, Sequence[Instance]]
"""By service, the one that counts first."""


class Live(Protocol):
    """A stack's sources and what runs of them, between two changes of the stack. Raises `DevenvError`."""

    @property
    def stack(self) -> Stack:
        """The stack."""

    @property
    def instances(self) -> Instances:
        """What runs, as it was seen last."""

    @property
    def builds(self) -> bool:
        """Whether there are sources to watch."""

    @property
    def bindings(self) -> Bindings:
        """Ports and secrets in force."""

    def refresh(self) -> None:
        """See anew what runs."""

    def look(self, paths: Collection[str] | None) -> dict[str, list[str] | None]:
        """See what changed: for each set of sources its keys, or None for everything."""

    def react(self, seen: Mapping[str, list[str] | None]) -> list[Report]:
        """Bring what runs up to date, as far as that can be done without a build."""

    def refuse(self, report: Report) -> None:
        """A build for this reason failed: it is not tried again while nothing of its cause changes."""

    def folders(self) -> set[Path]:
        """The folders to watch."""


class Listener(Protocol):
    """Who tells of happenings until it is closed."""

    def close(self) -> None:
        """Tell nothing any more."""


class Follower(Protocol):
    """Who tells the lines that services write."""

    @property
    def busy(self) -> bool:
        """Whether more may come."""

    def see(self, observed: Instances) -> None:
        """Follow every running instance that is not followed; the first time only what comes from now on."""


Heard = Callable[[Happening], None]
Told = Callable[[str, str], None]
"""Takes a service's name and a line of its log."""
