"""The resolved stack as plain values for people and programs; references keep their names, secrets are never shown."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

from devenv.stack import Ref, Secret, Stack, Text, bind


def describe(stack: Stack) -> dict[str, Any]:
    """`{"name": …, "services": {NAME: {…}}}` with empty values left out."""
    return {"name": stack.name, "services": {service.name: _plain(service) for service in stack}}


def _plain(value: Any) -> Any:
    if isinstance(value, Secret):
        return value.name
    if is_dataclass(value):
        pairs = {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
        return {key: item for key, item in pairs.items() if item not in (None, "", [], {}, False)}
    if isinstance(value, tuple):
        if value and all(_is_pair(item) for item in value):
            return {key: _plain(item) for key, item in value}
        if value and all(isinstance(part, str | Ref) for part in value):
            return _text(value)
        return [_plain(item) for item in value]
    return value


def _is_pair(value: Any) -> bool:
    return isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], str) and isinstance(value[1], tuple)


def _text(text: Text) -> str:
    def name(ref: Ref) -> str:
        return f"{{{ref.service}.{ref.kind if ref.kind != 'secret' else ref.name}}}"

    return bind(text, name)
