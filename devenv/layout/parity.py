"""Compares what runs in development with the production image: settings and file trees, as pictures; asks no engine.

A difference that the manifest declares is one that people want; every other one fails the comparison. What a process
writes while it runs (see runtime.toml) and what the engine puts into every container is no difference of the image.
"""

from __future__ import annotations

import fnmatch
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Node:
    """One path of a tree: `kind` is file, folder, link or other, `content` a digest, or where a link leads."""

    kind: str
    mode: int
    uid: int
    gid: int
    content: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """What an image is, or a container's part of it: its settings by name, its tree by absolute path.

    `mounts` are the places where something else is mounted into a container.
    """

    settings: Mapping[str, str]
    tree: Mapping[str, Node]
    mounts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as in production. `declared` names what in the manifest asks for it; "" nothing does."""

    aspect: str  # a setting's name, or path
    name: str
    production: str
    development: str
    declared: str = ""


@dataclass(frozen=True, slots=True)
class Declared:
    """What the manifest says about an app beyond its Dockerfile.

    `settings` are names of settings, each with the manifest's key for it; `paths` are paths likewise.
    """

    settings: Mapping[str, str]
    paths: Mapping[str, str]


def compare(production: Picture, development: Picture, declared: Declared) -> list[Difference]:
    """Everything in which the two differ, settings first, then paths, both sorted."""
    return [*_settings(production, development, declared), *_paths(production.tree, development.tree, declared)]


def hidden(tree: Mapping[str, Node], mounts: Iterable[str]) -> list[str]:
    """The mounts that hide something that the image has at their place."""
    return [mount for mount in mounts if any(path.startswith(f"{mount.rstrip('/')}/") for path in tree)]


def _settings(production: Picture, development: Picture, declared: Declared) -> Iterator[Difference]:
    for name in sorted(production.settings.keys() | development.settings.keys()):
        old, new = production.settings.get(name, ""), development.settings.get(name, "")
        if old != new:
            aspect, _, rest = name.partition(" ")
            if aspect == "env":  # values may be secret, and are as long as they like
                old, new = (
                    ("set" if old else "not set"),
                    ("set otherwise" if old and new else "set" if new else "not set"),
                )
            yield Difference(aspect, rest, old, new, declared.settings.get(name, ""))


def _paths(production: Mapping[str, Node], development: Mapping[str, Node], declared: Declared) -> Iterator[Difference]:
    passing = _passing()
    for path in sorted(production.keys() | development.keys()):
        old, new = production.get(path), development.get(path)
        if old == new:
            continue
        # Where the engine or the running process writes, the image promises what is there, but not what is in it.
        written = old is None or (new is not None and new.kind == old.kind)
        if not (written and passing.match(path)):
            yield Difference("path", path, *_words(old, new), declared.paths.get(path, ""))


def _words(old: Node | None, new: Node | None) -> tuple[str, str]:
    """The two sides in as few words as tell them apart."""
    if old is None or new is None:
        return ("not there" if old is None else old.kind), ("not there" if new is None else new.kind)
    parts: list[tuple[str, str]] = []
    if old.kind != new.kind:
        parts.append((old.kind, new.kind))
    if (old.uid, old.gid) != (new.uid, new.gid):
        parts.append((f"owner {old.uid}:{old.gid}", f"owner {new.uid}:{new.gid}"))
    if old.mode != new.mode:
        parts.append((f"mode {old.mode:04o}", f"mode {new.mode:04o}"))
    if old.kind == new.kind and old.content != new.content:
        link = old.kind == "link"
        parts.append((f"to {old.content}", f"to {new.content}") if link else ("its content", "other content"))
    return ", ".join(part[0] for part in parts), ", ".join(part[1] for part in parts)


def _passing() -> re.Pattern[str]:
    """The paths of runtime.toml, where `*` stands for any characters, slashes too."""
    text = (Path(__file__).parent / "runtime.toml").read_text(encoding="utf-8")
    patterns = (pattern for group in tomllib.loads(text)["place"] for pattern in group["paths"])
    return re.compile("|".join(fnmatch.translate(pattern) for pattern in patterns))
