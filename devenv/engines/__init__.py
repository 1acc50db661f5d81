"""What makes a Stack run: an engine's verbs, and what they take and give; an engine never prints, prompts or exits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from devenv.engines.live import Follower, Heard, Listener, Live, Told
from devenv.engines.runtime import Runtime
from devenv.events import Reporter
from devenv.stack import Bindings, Service, Stack, Text, Vantage, bind

READY, STARTING, UNHEALTHY = "ready", "starting", "unhealthy"
STOPPED, EXITED, MISSING = "stopped", "exited", "missing"


@dataclass(frozen=True, slots=True)
class Address:
    """Where something answers, as seen from the host; `url` is empty where no scheme is known."""

    name: str
    url: str
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """What one service is doing: part of the `status --json` contract, so fields are only ever added.

    `provider` is what serves it where no image does, with `differs` from what the image would be.
    """

    name: str
    role: str
    state: str
    reason: str = ""
    since: str | None = None
    image: str | None = None
    addresses: tuple[Address, ...] = ()
    provider: str | None = None
    differs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user asked of `up`; `timeout` bounds the wait for readiness, in seconds.

    `hurry` is asked while all that is left to do is to wait: whether not to. `allow_missing` says to go on without
    sidecars that this engine has no form of. Those `held` are prepared, with their setup, and not started.
    """

    services: tuple[Service, ...]
    timeout: float = 120.0
    strict_ports: bool = False
    build: bool = False
    hurry: Callable[[], bool] = lambda: False
    allow_missing: bool = False
    held: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Command:
    """What to run on this machine so that something runs inside a service; `env` comes on top of ours."""

    words: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    folder: Path | None = None


class Engine(Protocol):
    """The verbs. All raise `EngineError` for what the engine does not do, `EngineUnavailableError` where none is."""

    @property
    def name(self) -> str:
        """As `--engine` takes it."""

    def check(self) -> None:
        """Raises `EngineUnavailableError` where no engine answers."""

    def runtime(self, service: Service, bindings: Bindings) -> Runtime:
        """What starting a service and waiting for it need of the engine."""

    def get_ready(self, *, builds: bool = True) -> None:
        """Load in the background what the next change would wait for, with what builds images where it `builds`."""

    def live(self, stack: Stack, bindings: Bindings) -> Live:
        """The stack's sources and what runs of them, for reload."""

    def happenings(self, heard: Heard) -> Listener:
        """Tell what happens to what runs, and to the engine."""

    def follower(self, told: Told) -> Follower:
        """Tell what the services write."""

    def up(self, stack: Stack, wish: Wish, reporter: Reporter) -> Bindings:
        """Bring services up and wait until they are ready; gives the bindings in force."""

    def stop(self, services: Sequence[str], reporter: Reporter, *, remove: bool) -> list[str]:
        """End the named services (all with none); gives what was there. Data is untouched."""

    def restart(self, services: Sequence[Service], bindings: Bindings, reporter: Reporter, timeout: float) -> None:
        """Restart the services' processes and wait until they are ready again."""

    def present(self) -> list[str]:
        """The services that are there, running or not."""

    def status(self, stack: Stack, bindings: Bindings) -> list[ServiceStatus]:
        """What each service is doing, by asking the services themselves."""

    def answered(self, stack: Stack, services: Iterable[Service], bindings: Bindings) -> list[ServiceStatus]:
        """The status of services that have just answered, without asking again."""

    def logs(self, services: Sequence[str], *, lines: str, stay: bool) -> Iterator[tuple[str, str]]:
        """(service, line) as they come: service by service, or with `stay` all at once until they end."""

    def inside(self, service: Service, command: Sequence[Text], *, terminal: bool) -> Command:
        """What runs a command inside a service that runs."""

    def beside(self, stack: Stack, service: Service, command: Sequence[str], *, terminal: bool) -> Command:
        """What runs a command as an app would run, with its image, folder and environment, beside it."""

    def volumes(self, services: Sequence[str] = ()) -> dict[str, str]:
        """The project's data by name, each with the service that it belongs to; of the named services only."""

    def remove_volumes(self, names: Sequence[str]) -> None:
        """Remove data by its exact names. Nothing comes back from this."""

    def forget(self, stack: Stack, reporter: Reporter) -> None:
        """Remove all else that the engine keeps for this project."""


def addresses_of(service: Service, bindings: Bindings) -> tuple[Address, ...]:
    """Where a service answers, as seen from the host; none before ports are bound."""
    result = []
    value = bindings.resolver(Vantage.HOST)
    for port in service.ports:
        number = bindings.ports.get((service.name, port.container))
        if number is not None:
            try:
                url = bind(port.url, value) if port.url else ""
            except KeyError:  # a secret that no `up` has made yet
                url = ""
            result.append(Address(port.name, url, "127.0.0.1", number))
    return tuple(result)
