"""Where each key and value of a TOML text stands; must not judge the text, and is only asked once something is wrong.

tomllib gives values without places, tree-sitter places without values: this joins them by path.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node

Path = tuple[str | int, ...]
Place = tuple[int, int]

_ESCAPED_SPACE = re.compile(rb"\\(?:\\|[ \t]+(?=\r?\n))")


class Positions:
    """Places as (line, column), both from 1, in characters; an unknown path has the place of its nearest parent."""

    def __init__(self, text: str) -> None:
        self._source = text.encode()
        self._line_starts = [0, *(match.end() for match in re.finditer(b"\n", self._source))]
        self._keys: dict[Path, int] = {}
        self._values: dict[Path, int] = {(): 0}
        self._lengths: dict[Path, int] = {}
        self._read_document(_tree(self._source))

    def key(self, path: Path) -> Place:
        """Where the last key of `path` is written: in the header that opens it, else where it is first mentioned."""
        return self._place(self._keys[path]) if path in self._keys else self.value(path)

    def value(self, path: Path) -> Place:
        """Where the value at `path` begins; a table that has a header, or is only implied, begins at its key."""
        while path not in self._values:
            path = path[:-1]
        return self._place(self._values[path])

    def _place(self, offset: int) -> Place:
        line = bisect_right(self._line_starts, offset)
        return line, len(self._source[self._line_starts[line - 1] : offset].decode()) + 1

    def _read_document(self, root: Node) -> None:
        for node in _children(root):
            if node.type == "pair":
                self._read_pair(node, ())
            elif node.type in ("table", "table_array_element"):
                self._read_table(node)

    def _read_table(self, node: Node) -> None:
        children = list(_children(node))
        if not children:
            return
        base = self._open(children[0], is_element=node.type == "table_array_element")
        for child in children[1:]:
            if child.type == "pair":
                self._read_pair(child, base)

    def _open(self, header: Node, *, is_element: bool) -> Path:
        path: Path = ()
        parts = _key_parts(header)
        for number, (name, offset) in enumerate(parts, 1):
            path = (*path, name)
            self._mention(path, offset)
            if number == len(parts):
                if is_element:
                    self._lengths[path] = self._lengths.get(path, 0) + 1
                else:
                    self._keys[path] = self._values[path] = offset
            if path in self._lengths:
                path = (*path, self._lengths[path] - 1)
                self._mention(path, offset)
        return path

    def _mention(self, path: Path, offset: int) -> None:
        self._keys.setdefault(path, offset)
        self._values.setdefault(path, offset)

    def _read_pair(self, pair: Node, base: Path) -> None:
        pending = [(pair, base)]
        while pending:
            node, path = pending.pop()
            if node.type == "pair":
                pending += self._pair_value(node, path)
            elif node.type == "inline_table":
                pending += [(child, path) for child in reversed(list(_children(node))) if child.type == "pair"]
            elif node.type == "array":
                pending += self._elements(node, path)

    def _pair_value(self, pair: Node, path: Path) -> list[tuple[Node, Path]]:
        children = list(_children(pair))
        for name, offset in _key_parts(children[0]) if children else ():
            path = (*path, name)
            self._mention(path, offset)
        if len(children) < 2:
            return []
        self._values[path] = children[-1].start_byte
        return [(children[-1], path)]

    def _elements(self, array: Node, path: Path) -> list[tuple[Node, Path]]:
        elements = [(child, (*path, index)) for index, child in enumerate(_children(array))]
        for child, place in elements:
            self._mention(place, child.start_byte)
        return elements


def positions(text: str) -> Positions:
    """The places in `text`, which should be valid TOML: where the grammar and tomllib disagree, places are a guess."""
    return Positions(text)


def _tree(source: bytes) -> Node:
    # Imported here because a manifest without a problem must not pay for it.
    import tree_sitter_toml
    from tree_sitter import Language, Parser

    # The grammar (0.7) knows an escaped line end only without spaces before it; same length, so places stay.
    readable = _ESCAPED_SPACE.sub(lambda m: m[0] if m[0] == rb"\\" else b"x" * len(m[0]), source)
    return Parser(Language(tree_sitter_toml.language())).parse(readable).root_node


def _children(node: Node) -> Iterator[Node]:
    """The named children without comments; what stands inside an error counts as if the error were not there."""
    pending = node.named_children[::-1]
    while pending:
        child = pending.pop()
        if child.type == "ERROR":
            pending += child.named_children[::-1]
        elif child.type != "comment":
            yield child


def _key_parts(key: Node) -> list[tuple[str, int]]:
    """The names of a dotted key, decoded, each with its offset."""
    parts: list[tuple[str, int]] = []
    pending = [key]
    while pending:
        node = pending.pop()
        if node.type == "dotted_key":
            pending += list(_children(node))[::-1]
        else:
            parts.append((_name(node), node.start_byte))
    return parts


def _name(key: Node) -> str:
    text = (key.text or b"").decode()
    try:
        return next(iter(tomllib.loads(f"{text} = 0")))
    except (tomllib.TOMLDecodeError, StopIteration):
        return text
