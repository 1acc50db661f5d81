"""The names under which sidecars export: as their recipes have them, or as the manifest renames them; binds nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from devenv.resolve.context import Draft
from devenv.stack import Service
from devenv.suggest import did_you_mean

EVERY = "*"


def name_exports(draft: Draft, sidecars: Sequence[Service]) -> list[Service]:
    """The sidecars with every export under the name that apps get it by, each name once.

    Where two export one name, the first keeps it and the later one's gets the sidecar's name in front. A name that
    the manifest gave is never changed: that it is taken is a problem.
    """
    taken: dict[str, str] = {}
    result = []
    for service in sidecars:
        prefix = service.name.upper().replace("-", "_")
        renamed = _renamed(draft, service)
        exports = []
        kept = {name: service.name for name, _ in service.exports if name not in renamed}
        for old, text in service.exports:
            name = renamed.get(old, old)
            if old in renamed and (owner := taken.get(name) or kept.get(name)):
                _collide(draft, service.name, old, name, owner)
            elif name in taken:
                name = f"{prefix}_{name}"
            taken[name] = service.name
            exports.append((name, text))
        result.append(replace(service, exports=tuple(exports)))
    return result


def _renamed(draft: Draft, service: Service) -> dict[str, str]:
    """The exports that have a new name, with that; what can't be renamed is a problem."""
    wanted = draft.manifest.sidecars[service.name].rename
    known = [name for name, _ in service.exports]
    path = ("sidecars", service.name, "rename")
    result: dict[str, str] = {}
    for old, new in wanted.items():
        if ("*" in new) is not (old == EVERY):
            draft.problem('a `*` stands on both sides: "*" = "DB_*"', (*path, old))
        elif old == EVERY:
            result |= {name: new.replace("*", name) for name in known if name not in wanted}
        elif old in known:
            result[old] = new
        else:
            hint = did_you_mean(old, known) or f"it exports: {', '.join(known) or 'nothing'}"
            draft.problem(f"`{service.name}` exports no `{old}`", (*path, old), hint)
    return result


def _collide(draft: Draft, service: str, old: str, name: str, owner: str) -> None:
    rename = draft.manifest.sidecars[service].rename
    path = ("sidecars", service, "rename", old if old in rename else EVERY)
    whose = "itself" if owner == service else f"`{owner}`"
    draft.problem(f"`{old}` of `{service}` can't be called `{name}`: that is exported by {whose}", path)
