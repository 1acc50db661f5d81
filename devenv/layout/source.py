"""What a COPY or ADD names: which paths it takes, and as what; knows no destination but the one it is given.

The rules are BuildKit's (`frontend/dockerfile/dockerfile2llb/convert_copy.go`, fsutil's `copy`): a folder gives its
content, a pattern is Go's `filepath.Match` over as many parts as it has, and what a pattern meets is copied under its
own name, so a `*` over folders throws their contents together.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from devenv.layout.pattern import clean

_WILD = re.compile(r"(?<!\\)[*?\[]")


class BadPatternError(ValueError):
    """A pattern that Go's `filepath.Match` refuses."""


@dataclass(frozen=True)
class Source:
    """One source, without its leading `/`; "" is the whole of the context or the stage."""

    text: str

    @classmethod
    def of(cls, word: str) -> Source:
        """Clean a word as the builder does: rooted, so that no `..` leads out. Raises BadPatternError."""
        result = cls(clean("/" + word).strip("/"))
        if result.wild:
            _ = result._expression
        return result

    @cached_property
    def wild(self) -> bool:
        """Whether it is a pattern."""
        return _WILD.search(self.text) is not None

    @cached_property
    def depth(self) -> int:
        """How many parts it has."""
        return self.text.count("/") + 1 if self.text else 0

    @cached_property
    def fixed(self) -> str:
        """The folder above the first part that is a pattern; for a plain source the source."""
        if not self.wild:
            return self.text
        parts = self.text.split("/")
        first = next(number for number, part in enumerate(parts) if _WILD.search(part))
        return "/".join(parts[:first])

    def split(self, path: str) -> tuple[str, str] | None:
        """What the source meets on the way to a path and the rest of the path behind it; None where it meets nothing.

        An empty rest says that it meets the path itself.
        """
        if self.wild:
            parts = path.split("/")
            if len(parts) < self.depth:
                return None
            entry = "/".join(parts[: self.depth])
            if not self._expression.fullmatch(entry):
                return None
            return entry, "/".join(parts[self.depth :])
        text = self.text
        if path == text:
            return path, ""
        if not text:
            return "", path
        if path.startswith(text) and path[len(text)] == "/":
            return text, path[len(text) + 1 :]
        return None

    @cached_property
    def _expression(self) -> re.Pattern[str]:
        return re.compile("/".join(_part(part) for part in self.text.split("/")), re.DOTALL)


def _part(part: str) -> str:
    """One part of a pattern as a regular expression, by the rules of Go's `filepath.Match`."""
    result: list[str] = []
    at = 0
    while at < len(part):
        char = part[at]
        if char == "*":
            result.append("[^/]*")
        elif char == "?":
            result.append("[^/]")
        elif char == "[":
            text, at = _class(part, at + 1)
            result.append(text)
            continue
        elif char == "\\":
            at += 1
            if at == len(part):
                raise BadPatternError("it ends in a backslash")
            result.append(re.escape(part[at]))
        else:
            result.append(re.escape(char))
        at += 1
    return "".join(result)


_MEMBER = re.compile(r"(\\.|[^\\\]])(?:-(\\.|[^\\\]]))?", re.DOTALL)


def _class(part: str, at: int) -> tuple[str, int]:
    negated = part.startswith("^", at)
    at += negated
    items: list[str] = []
    while not (items and part.startswith("]", at)):
        found = _MEMBER.match(part, at)
        if not found:
            raise BadPatternError("a `[` without its `]`")
        first, last = found[1][-1], (found[2] or found[1])[-1]
        if last >= first:
            items.append(f"{re.escape(first)}-{re.escape(last)}")
        else:
            items.append("")
        at = found.end()
    body = "".join(items)
    if not body:
        return ("[^/]" if negated else r"(?!)"), at + 1
    return f"(?!/)[{'^' * negated}{body}]", at + 1
