"""A Dockerfile's stages and what is said before the first: their names, bases and lines; nothing in them is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from devenv.layout.dockerfile import Dockerfile, Instruction
from devenv.layout.steps import ELSEWHERE


@dataclass(frozen=True, slots=True)
class Section:
    """One stage as it is written; `base` is an earlier stage's number, None where `image` is an image's name."""

    number: int
    name: str
    image: str
    base: int | None
    line: int
    instructions: tuple[Instruction, ...]


@dataclass(frozen=True)
class Sections:
    """All stages, and the arguments that stand before them, with their values."""

    dockerfile: Dockerfile
    sections: tuple[Section, ...]
    arguments: Mapping[str, str]

    def target(self, name: str | None) -> int:
        """The stage to build: the last, or the one of that name or number. Raises InputError."""
        if name is None:
            return len(self.sections) - 1
        found = self.find(name)
        if found is None:
            names = [section.name for section in self.sections if section.name]
            close = get_close_matches(name.lower(), names, 1)
            known = f"stages: {', '.join(names)}" if names else "no stage of it has a name"
            hint = f"did you mean `{close[0]}`?" if close else known
            raise self.dockerfile.fail(0, f"the Dockerfile has no stage `{name}`", hint)
        return found

    def find(self, name: str) -> int | None:
        """A stage by its name, in any case, or by its number; the last of one name counts."""
        for section in reversed(self.sections):
            if section.name and section.name == name.lower():
                return section.number
        if name.isdecimal() and int(name) < len(self.sections):
            return int(name)
        return None

    def origin(self, name: str, line: int) -> int:
        """What `--from` names: a stage's number, or ELSEWHERE for an image. Raises InputError."""
        found = self.find(name)
        if found is None and name.isdecimal():
            raise self.dockerfile.fail(line, f"there is no stage {name}", f"stages count from 0: {self._shown()}")
        return ELSEWHERE if found is None else found

    def _shown(self) -> str:
        last = len(self.sections) - 1
        return "there is only stage 0" if not last else f"the last one is {last}"


def sections(dockerfile: Dockerfile, arguments: Mapping[str, str], platform: Mapping[str, str]) -> Sections:
    """Split a Dockerfile into stages. `arguments` are the build's own, `platform` those that every build has.

    Raises InputError where there is no FROM, or a stage begins with a name that only differs in case from a stage's.
    """
    known = {**platform, **{name: value for name, value in arguments.items() if name in platform}}
    found: list[Section] = []
    inner: list[Instruction] = []
    first = True
    for each in dockerfile.instructions:
        if each.name == "FROM":
            first = False
            inner = []
            found.append(_section(dockerfile, found, each, known))
        elif first and each.name == "ARG":
            for word in each.args:
                _declare(dockerfile, word, arguments, known, each.line)
        elif first:
            raise dockerfile.fail(each.line, f"{each.name} stands before the first FROM", "only ARG can stand there")
        if not first and each.name != "FROM":
            inner.append(each)
            found[-1] = _with(found[-1], tuple(inner))
    if not found:
        raise dockerfile.fail(0, "the Dockerfile has no FROM", "it begins with `FROM` and an image")
    return Sections(dockerfile, tuple(found), known)


def _declare(dockerfile: Dockerfile, word: str, given: Mapping[str, str], known: dict[str, str], line: int) -> None:
    name, has_default, default = word.partition("=")
    if name in given:
        known[name] = given[name]
    elif has_default:
        known[name] = dockerfile.expand(default, known, line)


def _section(
    dockerfile: Dockerfile, before: list[Section], instruction: Instruction, known: Mapping[str, str]
) -> Section:
    words = instruction.args
    line = instruction.line
    if len(words) == 3 and words[1].upper() != "AS":
        raise dockerfile.fail(line, "FROM is one image, or an image, AS and a name", f"it says: {instruction.shown}")
    image = dockerfile.expand(words[0], known, line)
    if not image:
        hint = "give the argument a default, or a value under `build.args`"
        raise dockerfile.fail(line, f"`{words[0]}` is empty, so there is no image to begin with", hint)
    name = words[2].lower() if len(words) == 3 else ""
    base = next((each.number for each in reversed(before) if each.name and each.name == image), None)
    if base is None and any(each.name == image.lower() for each in before):
        raise dockerfile.fail(line, f"no stage is called `{image}`", f"stages are in lower case: `{image.lower()}`")
    return Section(len(before), name, image, base, line, ())


def _with(section: Section, inner: tuple[Instruction, ...]) -> Section:
    return Section(section.number, section.name, section.image, section.base, section.line, inner)
