"""What starting and waiting need of an engine: one instance of a service at a time, whatever it is made of."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from devenv.stack import Service, Text


class Runtime(Protocol):
    """Acts on instances by the engine's own ids: a container's, a process's. Its methods raise `EngineError`."""

    @property
    def here(self) -> bool:
        """Whether the published ports are on this machine: elsewhere nothing can be asked from outside."""

    def start(self, service: Service, instance: str) -> None:
        """Start it with the service's generated files in their places; one that runs already is left alone."""

    def exit_code(self, instance: str) -> int | None:
        """The code it ended with; None while it has not."""

    def ended(self, instance: str) -> str | None:
        """How it ended, in words; None while it runs, or is about to."""

    def age(self, instance: str) -> float | None:
        """Seconds since it was started; None where it does not run."""

    def running(self, instances: Collection[str]) -> set[str]:
        """Those of the instances that run."""

    def inside(self, service: Service, instance: str, command: Sequence[Text], timeout: float) -> tuple[int, str]:
        """Run a command where it runs, with its environment; gives its exit code and what it wrote."""

    def tail(self, instance: str, *, lines: int, this_run: bool = False) -> list[str]:
        """The last lines that it wrote, with `this_run` none from before it was started last."""
