"""What resolving is given and what it hands around: the Context from outside, the Draft inside; no I/O of its own."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from devenv.errors import Problem
from devenv.manifest.model import Manifest
from devenv.resolve.scope import Scope, Scopes
from devenv.stack import Text
from devenv.template import UnboundError

Path = tuple[str | int, ...]


def _no_files(pattern: str) -> list[str]:
    return []


def _no_variables(file: str) -> Mapping[str, str]:
    return {}


@dataclass(frozen=True)
class Context:
    """The world as resolve may see it: the project's name, a glob over its files, and its dotenv files.

    `glob` gives paths relative to the project's root, sorted; `dotenv` gives a file's variables and raises OSError or
    ValueError.
    """

    name: str
    glob: Callable[[str], list[str]] = _no_files
    dotenv: Callable[[str], Mapping[str, str]] = _no_variables


@dataclass
class Draft:
    """Resolving in progress: what all phases read, and where they put problems."""

    manifest: Manifest
    context: Context
    scopes: Scopes
    problems: list[Problem] = field(default_factory=list)
    dropped: frozenset[str] = frozenset()

    def path(self, service: str) -> Path:
        """The keys that lead to a service in the manifest."""
        if service in self.manifest.sidecars:
            return ("sidecars", service)
        return ("apps", service) if service in self.manifest.apps else ("app",)

    def problem(self, message: str, path: Path, hint: str | None = None) -> None:
        """Note a problem; the path says where it is."""
        self.problems.append(Problem(message, path, hint))

    def expand(self, source: str, path: Path, own: Scope | None = None) -> Text:
        """A string of the manifest with its placeholders bound; an unknown one is a problem."""
        try:
            return self.scopes.expand(source, own)
        except UnboundError as error:
            known = {*self.scopes.candidates(), *(own.names if own else ())} - {error.name}  # itself, in a circle
            near = difflib.get_close_matches(error.name, sorted(known), n=1)
            hint = f"did you mean `{{{near[0]}}}`?" if near else f"for the text itself write `{{{{{error.name}}}}}`"
            self.problem(f"unknown placeholder `{{{error.name}}}`", path, hint)
            return ()

    def needs(self, service: str, names: Iterable[str]) -> tuple[str, ...]:
        """The named services that exist; the others are problems."""
        known = [*self.manifest.sidecars, *self.manifest.all_apps]
        result = []
        for index, name in enumerate(names):
            if name in self.dropped:
                continue
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                hint = f"did you mean `{near[0]}`?" if near else f"there are: {', '.join(known)}"
                self.problem(
                    f"`{service}` needs `{name}`, which is not there", (*self.path(service), "needs", index), hint
                )
                continue
            result.append(name)
        return tuple(dict.fromkeys(result))
