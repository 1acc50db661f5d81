"""From a file to a Manifest and all of its problems, each with its place; must not look at anything else.

Finding and reading raise; parsing collects, so that what crosses services can be checked on all that is valid.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from devenv.errors import InputError, ManifestError, Problem
from devenv.manifest import messages
from devenv.manifest.find import display
from devenv.manifest.model import Manifest
from devenv.manifest.validation import validate

LIMIT = 1 << 20
"""Bytes. The largest manifest that a person wrote is some kilobytes; a file of this size is another file."""

_TOML_PLACE = re.compile(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", re.DOTALL)
_ENDLESS_NUMBER = re.compile(r"\d(?:_?\d){4300}")


@dataclass(frozen=True)
class Source:
    """A manifest as it was read: `display` is its path as messages show it, `text` has no byte order mark."""

    path: Path
    display: str
    text: str
    data: dict[str, Any]


def read(path: Path) -> Source:
    """Read a manifest. Raises `InputError` where the file can't be read, `ManifestError` where it is no TOML."""
    shown = display(path)
    try:
        with path.open("rb") as stream:
            raw = stream.read(LIMIT + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise InputError(f"can't read the manifest: {reason}", where=shown) from error
    if len(raw) > LIMIT:
        raise InputError("the manifest is larger than 1 MiB", where=shown, hint="is this the right file?")
    try:
        text = raw.decode().removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise _not_utf8(shown, raw, error.start) from None
    try:
        return Source(path, shown, text, tomllib.loads(text))
    except (ValueError, RecursionError) as error:
        raise _not_toml(shown, text, error) from None


def parse(source: Source) -> tuple[Manifest, list[Problem], frozenset[str]]:
    """The manifest as far as it is valid, its problems, and the services that are missing from it because of them.

    Problems have a path but no place: `place` gives them one. Where there are any, the manifest is only good for
    finding more: what is refused is left out, down to whole services.
    """
    return validate(source.data)


def place(source: Source, problems: Iterable[Problem]) -> list[Problem]:
    """The problems in the order of the file, each once and with its place; one that has a place keeps it.

    A problem whose message quotes the last key of its path in backticks stands at the key, another one at the value.
    """
    from devenv.positions import positions

    problems = list(problems)
    places = positions(source.text) if problems else None
    result = []
    for problem in problems:
        if places and not problem.line:
            find = places.key if messages.names_its_key(problem) else places.value
            line, column = find(problem.path)
            problem = replace(problem, file=source.display, line=line, column=column)
        result.append(problem)
    return sorted(dict.fromkeys(result), key=lambda problem: (problem.file, problem.line, problem.column))


def _not_utf8(shown: str, raw: bytes, offset: int) -> ManifestError:
    before = raw[:offset].decode()
    hint = "save it as UTF-8"
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        hint = "it is UTF-16, as some editors on Windows write it: save it as UTF-8"
    line, column = _place(before, len(before))
    return ManifestError([Problem(f"not UTF-8: byte 0x{raw[offset]:02x}", (), hint, shown, line, column)])


def _not_toml(shown: str, text: str, error: Exception) -> ManifestError:
    """tomllib's error as a problem; it also lets through what Python's integers and its stack refuse."""
    if isinstance(error, RecursionError):
        line, column = _place(text, _deepest(text))
        return ManifestError([Problem("tables or lists are nested too deeply", (), None, shown, line, column)])
    match = _TOML_PLACE.fullmatch(str(error))
    message, hint = messages.foreign(match[1] if match else str(error))
    if match and match[2]:
        line, column = int(match[2]), int(match[3])
    else:
        number = None if match else _ENDLESS_NUMBER.search(text)
        line, column = _place(text, number.start() if number else len(text))
    return ManifestError([Problem(message, (), hint, shown, line, column)])


def _place(text: str, offset: int) -> tuple[int, int]:
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def _deepest(text: str, enough: int = 100) -> int:
    """Where so many brackets are open that no person wrote them; brackets in strings are counted too."""
    depth = 0
    for offset, character in enumerate(text):
        depth += (character in "[{") - (character in "]}")
        if depth > enough:
            return offset
    return 0
