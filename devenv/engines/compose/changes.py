"""Which field of a service changed since it was applied, in words; keeps digests of values, never values."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from devenv.artifacts.compose import Document
from devenv.artifacts.names import HASH_LABEL
from devenv.several import first_few

_SHOWN = 4
_GROUPS = {"healthcheck": "healthcheck"}
"""Fields that are one to a reader, whatever of them changed."""
_LEFT_OUT = ("labels", "depends_on", "build", "configs")


def fields(document: Document) -> dict[str, dict[str, str]]:
    """For each compose service a digest of every field's value, by the field's path."""
    configs = document.get("configs", {})
    result = {}
    for name, entry in document["services"].items():
        found = {
            path: _digest(value) for path, value in _flat("", {k: v for k, v in entry.items() if k not in _LEFT_OUT})
        }
        for config in entry.get("configs", []):
            found[f"file {config['target']}"] = _digest(configs[config["source"]]["content"])
        found["_hash"] = entry.get("labels", {}).get(HASH_LABEL, "")
        result[name] = found
    return result


def reasons(before: Mapping[str, Mapping[str, str]], after: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """For each service that is in both, the names of the fields that differ, as "env.LOG_LEVEL changed"."""
    result = {}
    for name in after.keys() & before.keys():
        old, new = before[name], after[name]
        changed = {key for key in {**old, **new} if old.get(key) != new.get(key) and key != "_hash"}
        if changed:
            names = sorted({_GROUPS.get(key.partition(".")[0], key) for key in changed})
            result[name] = f"{first_few(names, _SHOWN)} changed"
        elif old.get("_hash") != new.get("_hash"):
            result[name] = "a secret changed"
    return result


def _flat(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            name = "env" if key == "environment" else str(key)
            yield from _flat(f"{path}.{name}" if path else name, item)
    else:
        yield path, value


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:12]
