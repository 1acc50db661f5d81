"""Commands and lists of strings, with the short forms in which a manifest may write them; knows no table."""

from __future__ import annotations

import shlex
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

from devenv.manifest.part import String


def _words(value: Any) -> Any:
    return shlex.split(value) if isinstance(value, str) else value


def _commands(value: Any) -> Any:
    if isinstance(value, str) or (isinstance(value, list) and value and all(isinstance(word, str) for word in value)):
        return [_words(value)]
    return value


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


_STRINGS: dict[str, Any] = {"type": "array", "items": {"type": "string"}}
_COMMAND: list[dict[str, Any]] = [{"type": "string"}, _STRINGS]

Command = Annotated[
    list[String],
    BeforeValidator(_words),
    Field(min_length=1),
    WithJsonSchema({"anyOf": _COMMAND}),
]
Commands = Annotated[
    list[Annotated[list[String], BeforeValidator(_words), Field(min_length=1)]],
    BeforeValidator(_commands),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"anyOf": _COMMAND}}]}),
]
Strings = Annotated[list[String], BeforeValidator(_listed), WithJsonSchema({"anyOf": _COMMAND})]
