"""The resolved stack as plain values for people and programs; references keep their names, secrets are never shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import Any

from devenv.stack import Ref, Secret, Stack, bind

Name = Callable[[Ref], str]

_TEXT = frozenset({"url", "content"})
_WORDS = frozenset({"bare", "command", "connect", "provision", "dump"})
_PAIRS = frozenset({"env", "exports", "params", "args"})


def describe(stack: Stack) -> dict[str, Any]:
    """`{"name": …, "services": {NAME: {…}}}` with empty values left out."""
    several = {
        service.name: {str(port.container): port.name for port in service.ports} if len(service.ports) > 1 else {}
        for service in stack
    }

    def name(ref: Ref) -> str:
        """The placeholder that a manifest would write; of several ports each by its name."""
        if ref.kind == "port" and ref.name in several[ref.service]:
            return f"{{{ref.service}.port_{several[ref.service][ref.name]}}}"
        return f"{{{ref.service}.{ref.name if ref.kind == 'secret' else ref.kind}}}"

    return {"name": stack.name, "services": {service.name: _table(service, name) for service in stack}}


def _table(part: Any, name: Name) -> dict[str, Any]:
    pairs = {field.name: _plain(field.name, getattr(part, field.name), name) for field in fields(part)}
    return {key: item for key, item in pairs.items() if item not in (None, "", [], {}, False)}


def _plain(field: str, value: Any, name: Name) -> Any:
    if isinstance(value, Secret):
        return value.name
    if is_dataclass(value):
        return _table(value, name)
    if field in _TEXT:
        return bind(value, name)
    if field in _WORDS and value:
        return [bind(word, name) for word in value]
    if field in _PAIRS:
        return {key: bind(text, name) for key, text in value}
    if field == "setup":
        return [[bind(word, name) for word in command] for command in value]
    return [_plain("", item, name) for item in value] if isinstance(value, tuple) else value
