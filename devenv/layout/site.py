"""Where a command runs: what lies around it at that moment of the build, as far as it comes from the context."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from devenv.layout.lookup import Lookup
from devenv.layout.pattern import clean
from devenv.layout.scene import Scene
from devenv.layout.source import Source
from devenv.layout.steps import CONTEXT, Effect, Kind, Put, matches
from devenv.layout.words import Command, Word

_SIGNS = frozenset("*?[")
_TOKEN = re.compile(r"\*\*/|\*\*|\*|\?|\[[^\]]*\]|.", re.DOTALL)


def translate(pattern: str) -> str:
    """A table's pattern as a regular expression: `**/` is any depth, `**` anything, `*` and `?` stay in one part."""
    signs = {"**/": "(?:[^/]+/)*", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return "".join(signs.get(token, token if len(token) > 1 else re.escape(token)) for token in _TOKEN.findall(pattern))


@dataclass(frozen=True)
class Site:
    """The stage so far, and what is mounted for the RUN. `inputs` collects the files that were looked into."""

    scene: Scene
    lookup: Lookup
    base: int | None
    mounts: Sequence[Put]
    inputs: set[str] = field(default_factory=set)

    @property
    def variables(self) -> Mapping[str, str]:
        """What is known of the environment."""
        return self.scene.variables

    def place(self, folder: str, path: str) -> str:
        """An absolute place with the links on the way followed."""
        return self.scene.resolve(clean(path if path.startswith("/") else f"{folder}/{path}"))

    def origin(self, place: str) -> str | None:
        """The path of the context that is at a place, mounted or copied; None for none, or for who knows."""
        steps = [*self.scene.steps, *(each for each in self.mounts if each.origin == CONTEXT)]
        return self.lookup.origin(steps, self.base, place)

    def text(self, place: str) -> str | None:
        """What is in the file at a place, if it comes from the context."""
        found = self.origin(place)
        if found is None:
            return None
        self.inputs.add(found)
        return self.lookup.tree.text(found)

    def has(self, place: str) -> bool:
        """Whether something of the context is at a place."""
        return self.origin(place) is not None

    def folders(self, folder: str, pattern: str) -> list[str]:
        """The places of the folders that a pattern meets below a folder of the context."""
        top = self.origin(folder)
        if top is None:
            return []
        found = matches(Source.of(f"{top}/{pattern}"), self.lookup.tree)
        kept = (path for path in found if self.lookup.tree.is_folder(path))
        return [clean(f"{folder}/{path[len(top) :].lstrip('/')}") for path in kept]


def shown(command: Command) -> str:
    """A command for a sentence."""
    line = " ".join(command.text.split())
    return line if len(line) <= 60 else line[:59].rstrip() + "…"


_WHY = {
    Kind.READS: "reads it: `{}`",
    Kind.LISTS: "depends on which files there are: `{}`",
    Kind.NEEDS: "can't do without it: `{}`",
    Kind.WRITES: "may write over it: `{}`",
}


def everything(command: Command, why: str = "", hint: str = "") -> Effect:
    """The effect of a command that may read all there is."""
    text = shown(command)
    return Effect(Kind.READS, None, text, why or f"may read it, as nobody knows what `{text}` reads", hint=hint)


def effect(kind: Kind, command: Command, expressions: Iterable[str], value: str = "", hint: str = "") -> list[Effect]:
    """An effect on the places that match; none without an expression."""
    parts = tuple(expressions)
    if not parts:
        return []
    pattern = re.compile("|".join(f"(?:{each})" for each in parts), re.DOTALL)
    text = shown(command)
    why = _WHY.get(kind, "").format(text)
    return [Effect(kind, pattern, text, why, value, hint, expressions=parts)]


def exactly(place: str) -> str:
    """The expression for one place."""
    return re.escape(place)


def below(place: str) -> str:
    """The expression for a place and all below it."""
    return r"/.*" if place == "/" else re.escape(place) + r"(?:/.*)?"


def within(folder: str, pattern: str) -> str:
    """The expression for a table's pattern in a folder; an absolute pattern stands for itself."""
    if pattern.startswith("/"):
        return translate(pattern)
    return re.escape(folder.rstrip("/")) + "/" + translate(pattern)


def operand(site: Site, command: Command, word: Word) -> str | None:
    """The expression for the places that a word names; None where that isn't clear."""
    if word.text is None or (command.folder is None and not word.text.startswith("/")):
        return None
    if not word.wild:
        return exactly(site.place(command.folder or "/", word.text))
    path = clean(word.text if word.text.startswith("/") else f"{command.folder}/{word.text}")
    parts = path.split("/")
    first = next(number for number, part in enumerate(parts) if _SIGNS & set(part))
    head = site.place("/", "/".join(parts[:first]) or "/").rstrip("/")
    return "/".join([re.escape(head), *(_shell_part(part) for part in parts[first:])])


def _shell_part(part: str) -> str:
    """One part of a shell's pattern: what begins with a sign passes hidden names over."""
    return (r"(?!\.)" if part[0] in _SIGNS else "") + translate(part)


def tree_of(expression: str) -> str:
    """The expression for what an expression matches, and all below."""
    return "/.*" if expression == "/" else f"(?:{expression})(?:/.*)?"


def unsure(effects: list[Effect], command: Command) -> list[Effect]:
    """What a command does that may not run: what it would change is not known afterwards."""
    if command.sure:
        return effects
    doubt = f"may change it, if it comes to `{shown(command)}`"
    changed = (Kind.REMOVES, Kind.OWNS, Kind.MODES)
    return [replace(each, kind=Kind.READS, why=doubt) if each.kind in changed else each for each in effects]
