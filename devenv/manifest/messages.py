"""What pydantic and tomllib found wrong, in the words of the manifest; must decide nothing and read nothing."""

from __future__ import annotations

import datetime
import difflib
import json
import re
from typing import Any

from pydantic_core import ErrorDetails

from devenv.errors import Problem
from devenv.manifest.ci import CIModel
from devenv.manifest.editor import EditorModel
from devenv.manifest.model import App, BuildModel, Manifest, PortModel, Ready, Sidecar
from devenv.manifest.part import Part
from devenv.manifest.vocabulary import EXAMPLES, EXPECTED, FOREIGN, KINDS, OTHER_NAMES, TYPES

Path = tuple[str | int, ...]

_LONGEST = 60
_QUOTED = re.compile(r"`([^`]*)`")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_WRITTEN_OTHERWISE = (float, datetime.date, datetime.time)  # their text is lost: 16.10 has become 16.1
_PARTS: tuple[tuple[str, type[Part]], ...] = (("app", App), ("build", BuildModel), ("ready", Ready))


def printable(text: str) -> str:
    """The text with everything escaped that has no shape of its own: control characters, line ends, marks of bidi."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def quote(value: object) -> str:
    """A key or value of the manifest as messages show it: in backticks, printable, not longer than a line takes."""
    text = _plain(value)
    return f"`{printable(text if len(text) <= _LONGEST else text[: _LONGEST - 1] + '…')}`"


def kind(value: object) -> str:
    """A value's type in TOML's words, with its article."""
    return KINDS.get(type(value), f"a {type(value).__name__}")


def names_its_key(problem: Problem) -> bool:
    """Whether a problem is about the last key of its path: its message quotes it. Else it is about the value."""
    return bool(problem.path) and quote(problem.path[-1]) in problem.message


def named(message: str) -> set[str]:
    """The keys that a message quotes; a rule about several keys of a table quotes them all."""
    return set(_QUOTED.findall(message))


def foreign(message: str) -> tuple[str, str | None]:
    """A message that is not ours (of a rule, tomllib, shlex) in our style, and a hint where we know one."""
    for pattern, ours, hint in FOREIGN:
        match = re.fullmatch(pattern, message, re.DOTALL)
        if match:
            return printable(match.expand(ours)), hint
    message = _QUOTED.sub(lambda match: quote(match[1]), message).rstrip(".")
    return printable(message[:1].lower() + message[1:]), None


def intended(path: Path) -> Path | None:
    """The path that an unknown key was meant to be: a similar key, what we call it, or a key of one of our parts."""
    table, key = path[:-1], str(path[-1])
    model = _model(table)
    if model is None:
        return None
    word = key.lower().replace("-", "_")
    word = OTHER_NAMES.get(word, word)
    near = difflib.get_close_matches(word, model.model_fields, n=1)
    if near:
        return (*table, near[0])
    return next(
        ((*table, name, word) for name, part in _PARTS if name in model.model_fields and word in part.model_fields),
        None,
    )


def problem(error: ErrorDetails, path: Path, value: object) -> Problem:
    """One of pydantic's errors, said of the `value` that the user wrote at `path`."""
    match error["type"]:
        case "extra_forbidden":
            return Problem(f"unknown key {quote(path[-1])}", path, _unknown_key_hint(path, value))
        case "missing":
            return Problem(f"missing key {quote(error['loc'][-1])}", path)
        case "too_short" | "string_too_short":
            return Problem("must not be empty", path)
        case "greater_than_equal" | "less_than_equal":
            return Problem(f"expected a port from 1 to 65535, got {quote(error['input'])}", path)
        case wanted if path and wanted in TYPES:
            expected = _lookup(EXPECTED, path) or TYPES[wanted]
            return Problem(f"expected {expected}, got {kind(value)}", path, _type_hint(path, wanted, value))
    message, hint = foreign(error["msg"].removeprefix("Value error, "))
    return Problem(message, path, hint)


def _unknown_key_hint(path: Path, value: object) -> str | None:
    meant = intended(path)
    if meant:
        return f"did you mean `{'.'.join(map(str, meant[len(path) - 1 :]))}`?"
    if len(path) == 1 and isinstance(value, dict):
        return "an app stands under [apps], a sidecar under [sidecars]"
    model = _model(path[:-1])
    return f"known keys: {', '.join(model.model_fields)}" if model else None


def _type_hint(path: Path, wanted: str, value: object) -> str | None:
    key, literal = path[-1], _literal(value)
    name = key if isinstance(key, str) and _BARE_KEY.fullmatch(key) else json.dumps(key, ensure_ascii=False)
    example = next((EXAMPLES[shape, type(value)] for shape in _shapes(path) if (shape, type(value)) in EXAMPLES), None)
    if isinstance(value, _WRITTEN_OTHERWISE) and wanted in ("string_type", "model_type"):
        return "put it in quotes"
    if literal is None:
        return None
    if example:
        return f"write: {example.format(key=name, value=literal)}"
    right = None
    if wanted == "string_type" and isinstance(value, bool | int):
        right = f'"{literal}"'
    elif wanted == "list_type" and isinstance(value, str | int):
        right = f"[{literal}]"
    elif wanted == "int_type" and isinstance(value, str) and value.isdecimal():
        right = value
    if right is None:
        return None
    return f"write: {name} = {right}" if isinstance(key, str) else f"write: {right}"


def _literal(value: Any) -> str | None:
    """A short value as TOML writes it; None where it is long, or not to be had as it was written."""
    if not isinstance(value, str | int | list) or (isinstance(value, int) and abs(value) > 10**12):
        return None
    if isinstance(value, list) and not all(isinstance(item, str) for item in value[:_LONGEST]):
        return None
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST and text.isprintable() else None


def _model(table: Path) -> type[Part] | None:
    match table:
        case ():
            return Manifest
        case ("app",) | ("apps", _):
            return App
        case ("sidecars", _):
            return Sidecar
        case ("ci",):
            return CIModel
        case (*_, "build"):
            return BuildModel
        case (*_, "ready"):
            return Ready
        case (*_, "ports", int()):
            return PortModel
        case ("editor",) | ("app", "editor") | ("apps", _, "editor"):
            return EditorModel
    return None


def _shapes(path: Path) -> tuple[tuple[str, ...], ...]:
    """How the tables of words may call a path: as it is, and with `*` for its last step."""
    start = {"app": 1, "apps": 2, "sidecars": 2}.get(str(path[0]), 0)
    field = path[start:] if len(path) > start else path
    steps = tuple(str(step) for step in field)
    return steps, (*steps[:-1], "*")


def _lookup(table: dict[tuple[str, ...], str], path: Path) -> str | None:
    return next((table[shape] for shape in _shapes(path) if shape in table), None)


def _plain(value: object) -> str:
    if isinstance(value, str):
        return value or '""'
    try:
        return json.dumps(value) if isinstance(value, bool) else str(value)
    except ValueError:  # Python turns only so long an integer into decimal digits
        return hex(value) if isinstance(value, int) else kind(value)
