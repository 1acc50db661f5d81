"""YAML for people: a value's text with comments in it and air between its parts; decides nothing."""

from __future__ import annotations

import functools
import re
import shlex
import textwrap
from collections.abc import Iterable
from typing import Any

from devenv.artifacts.yaml import Quoted, dump

_WIDTH = 100
_PLAIN = re.compile(r"[A-Za-z][\w./=@+-]*( [\w./=@+-]+)*")
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})  # YAML's own


class Note(str):
    """A key of a table that is written as a comment in its place; its value is nothing."""

    __slots__ = ()


def written(value: Any) -> str:
    """The value as YAML, each `Note` as a comment, top-level keys apart from each other."""
    notes: list[str] = []
    text = dump(_without_notes(value, notes))
    text = re.sub(r"^'on':", "on:", text, flags=re.MULTILINE)  # quoted for readers of YAML 1.1 only
    for number, note in enumerate(notes):
        comment = functools.partial(_comment, textwrap.wrap(note, _WIDTH))
        text = re.sub(rf"^( *)(- )?note_{number}_: null\n(?: *(?=\S))?", comment, text, flags=re.MULTILINE)
    return re.sub(r"\n(?=[a-z])", "\n\n", text)


def _comment(lines: Iterable[str], match: re.Match[str]) -> str:
    indent, dash = match[1], match[2] or ""
    return "".join(f"{indent}# {line}\n" for line in lines) + indent + dash


def _without_notes(value: Any, notes: list[str]) -> Any:
    """The same with a key for each note that says where it stands."""
    if isinstance(value, list):
        return [_without_notes(item, notes) for item in value]
    if not isinstance(value, dict):
        return value
    result: dict[str, Any] = {}
    for key, item in value.items():
        if isinstance(key, Note):
            result[f"note_{len(notes)}_"] = None
            notes.append(str(key))
        else:
            result[key] = _without_notes(item, notes)
    return result


def shown(words: Iterable[str]) -> str:
    """A command as one line of shell, in quotes where YAML might read it as something else."""
    line = shlex.join(words)
    return line if _PLAIN.fullmatch(line) and line.lower() not in _WORDS else Quoted(line)


def header(first: Iterable[str], notes: Iterable[str]) -> str:
    """The comment at the top: lines as they are, then a list."""
    text = "".join(f"# {line}".rstrip() + "\n" for line in first)
    for note in notes:
        begin, *rest = textwrap.wrap(note, _WIDTH)
        text += f"# - {begin}\n" + "".join(f"#   {line}\n" for line in rest)
    return text
