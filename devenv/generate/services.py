"""Sidecars as a CI system's own services: which, with which values, and what such a service can't be; writes nothing.

The values are no secrets: such a service lives for one job and is seen by that alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from devenv.artifacts.ports import numbers
from devenv.stack import Bindings, Service, Stack, Text, Vantage, bind

PASSWORD = "not-a-secret"  # noqa: S105 - it says so itself


@dataclass(frozen=True)
class Carried:
    """The sidecars that a job gets as services, and from where it sees them."""

    stack: Stack
    vantage: Vantage

    @property
    def services(self) -> list[Service]:
        """Those that always run and that a test can find."""
        return [service for service in self.stack.useful if not service.profile]

    @property
    def bindings(self) -> Bindings:
        """The ports asked for, and a word for each password that the manifest does not give."""
        private = {(s.name, secret.name): secret.value or PASSWORD for s in self.stack for secret in s.secrets}
        return Bindings(numbers(self.stack), private)

    def inside(self, text: Text) -> str:
        """A text as a service itself gets it."""
        return bind(text, self.bindings.resolver(Vantage.NETWORK))

    def outside(self, text: Text) -> str:
        """A text as the job gets it."""
        return bind(text, self.bindings.resolver(self.vantage))

    def environment(self) -> dict[str, str]:
        """What a test is told: the sidecars' exports and the apps' own values, but for what is private or not there."""
        here = {service.name for service in self.services}
        return self.stack.told(here, self.bindings.resolver(self.vantage), lambda app: {})

    def setups(self) -> Iterator[list[str]]:
        """The apps' commands before a start."""
        for app in self.stack:
            if not app.profile:
                yield from ([self.outside(word) for word in command] for command in app.setup)

    def notes(self, more: Callable[[Service], Iterator[str]]) -> list[str]:
        """What can't be said of each sidecar, in words; `more` is the CI system's own."""
        left = [s for s in self.stack if s.role == "sidecar" and not s.profile and s not in self.services]
        result = [f"{s.name}: left out, as it exports nothing that a test could use" for s in left]
        for service in self.services:
            for file in service.files:
                if file.source:
                    why = "services start before the checkout, so nothing of the repository can be mounted"
                    result.append(f"{service.name}: {file.source} is missing: {why}")
            for name in service.needs:
                result.append(f"{service.name}: it does not wait for {name}: services start at once")
            result += [f"{service.name}: {words}" for words in more(service)]
        if any(app.role == "app" and app.secrets for app in self.stack):
            result.append("what the apps' dotenv files hold is not here: it is for the project's own CI secrets")
        return result


def made(service: Service) -> list[tuple[str, Text]]:
    """The files that devenv would make inside, by path; none where the service does without."""
    return [] if service.bare else [(file.path, file.content) for file in service.files if not file.source]


def command(service: Service) -> tuple[Text, ...]:
    """The command for a container into which no file can be put."""
    return service.bare or service.command or ()
