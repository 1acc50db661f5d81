"""What a placeholder may name: every service's values, bound late; looks up and substitutes, decides nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from devenv.recipe import Recipe
from devenv.stack import Ref, Text
from devenv.template import DOTTED, NAMED, UnboundError, expand

Options = Mapping[str, str | list[str]]


@dataclass
class Scope:
    """The values of one service, by the names that placeholders use."""

    service: str
    project: str
    version: str = ""
    ports: tuple[tuple[str, int], ...] = ()
    recipe: Recipe | None = None
    options: Options = field(default_factory=dict)
    peers: Mapping[str, Scope] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)
    exports: Mapping[str, str] = field(default_factory=dict)
    _open: set[str] = field(default_factory=set, init=False)

    @property
    def names(self) -> tuple[str, ...]:
        """All that can be named, for suggestions."""
        ports = tuple(f"port_{name}" for name, _ in self.ports)
        secrets = tuple(self.recipe.secrets) if self.recipe else ()
        return (
            "host",
            "port",
            "name",
            "project",
            "version",
            *ports,
            *self._fixed(),
            *secrets,
            *self.values,
            *self.exports,
        )

    def lookup(self, name: str) -> Text:
        """The value of `name`. Raises `UnboundError`."""
        host = Ref("host", self.service)
        simple: dict[str, Text] = {"host": (host,), "name": (self.service,), "project": (self.project,)}
        if name in simple:
            return simple[name]
        if name == "version":
            return (self.version,)
        if name == "port" or name.startswith("port_"):
            return self._port(name)
        fixed = self._fixed()
        if name in fixed:
            return (fixed[name],)
        if self.recipe and name in self.recipe.secrets:
            return (Ref("secret", self.service, name),)
        if name in self.values:
            return self._value(name)
        peer, dot, attribute = name.partition(".")
        if dot and peer in self.peers:
            return self.peers[peer].lookup(attribute)
        raise UnboundError(name)

    def expand(self, source: str) -> Text:
        """A text of this service's recipe."""
        return expand(source, self.lookup, NAMED)

    def _port(self, name: str) -> Text:
        if name == "port" and self.ports:
            return (Ref("port", self.service, str(self.ports[0][1])),)
        for port_name, number in self.ports:
            if name == f"port_{port_name}":
                return (Ref("port", self.service, str(number)),)
        raise UnboundError(name)

    def _fixed(self) -> dict[str, str]:
        """Options as placeholders see them: a list by its first item and as csv, a choice by its name and its text."""
        result: dict[str, str] = {}
        for name, value in self.options.items():
            if isinstance(value, list):
                result[f"{name}.first"] = value[0] if value else ""
                result[f"{name}.csv"] = ",".join(value)
            else:
                result[name] = value
                choices = self.recipe.options[name].choices if self.recipe else {}
                if value in choices:
                    result[f"{name}.text"] = choices[value]
        return result

    def _value(self, name: str) -> Text:
        with self.opened(name):
            return self.expand(self.values[name])

    @contextmanager
    def opened(self, name: str) -> Iterator[None]:
        """Where a value is made of others: raises `UnboundError` for one that is made of itself."""
        if name in self._open:
            raise UnboundError(name)
        self._open.add(name)
        try:
            yield
        finally:
            self._open.discard(name)


class Scopes:
    """All services' scopes: what a manifest's `{service.value}` is looked up in."""

    def __init__(self, scopes: Iterable[Scope], *, unknown: Iterable[str] = ()) -> None:
        """`unknown` names services that were dropped because they are wrong: naming one is no second problem."""
        self._scopes = {scope.service: scope for scope in scopes}
        self._unknown = frozenset(unknown)

    def __getitem__(self, service: str) -> Scope:
        return self._scopes[service]

    def expand(self, source: str, own: Scope | None = None) -> Text:
        """A string of the manifest; `own` makes a sidecar's short names known in its exports. Raises `UnboundError`."""
        return expand(source, lambda name: self._lookup(name, own), NAMED if own else DOTTED)

    def candidates(self) -> list[str]:
        """Every `service.value`, for suggestions."""
        return [f"{service}.{name}" for service, scope in self._scopes.items() for name in scope.names]

    def _lookup(self, name: str, own: Scope | None) -> Text:
        service, dot, attribute = name.partition(".")
        if dot and service in self._scopes:
            try:
                return self._of(self._scopes[service], attribute)
            except UnboundError as error:
                raise UnboundError(name) from error
        if service in self._unknown:
            return ("",)
        if attribute.isupper() and not own:
            return (f"{{{name}}}",)  # no service's: JSON and templates have such names too
        if own:
            return own.lookup(name)
        raise UnboundError(name)

    def _of(self, scope: Scope, name: str) -> Text:
        """A service's value, or what it exports under the recipe's own name."""
        if name not in scope.exports:
            return scope.lookup(name)
        with scope.opened(name):
            return self.expand(scope.exports[name], scope)
