"""Where each key and value of a TOML text stands; must not judge the text, and is only asked once something is wrong.

tomllib gives values without places, tree-sitter places without values: this joins them by path.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node

Path = tuple[str | int, ...]
Place = tuple[int, int]


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
        header, *pairs = _children(node)
        base = self._open(header, is_element=node.type == "table_array_element")
        for pair in pairs:
            self._read_pair(pair, base)

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
                pending += [(child, path) for child in reversed(_children(node))]
            elif node.type == "array":
                pending += self._elements(node, path)

    def _pair_value(self, pair: Node, path: Path) -> list[tuple[Node, Path]]:
        key, value = _children(pair)
        for name, offset in _key_parts(key):
            path = (*path, name)
            self._mention(path, offset)
        self._values[path] = value.start_byte
        return [(value, path)]

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

    return Parser(Language(tree_sitter_toml.language())).parse(source).root_node


def _children(node: Node) -> list[Node]:
    """The named children without comments, and without errors: the grammar (0.7) sees some in TOML that is valid."""
    return [child for child in node.named_children if child.type not in ("comment", "ERROR")]


def _key_parts(key: Node) -> list[tuple[str, int]]:
    """The names of a dotted key, decoded, each with its offset."""
    parts: list[tuple[str, int]] = []
    pending = [key]
    while pending:
        node = pending.pop()
        if node.type == "dotted_key":
            pending += reversed(_children(node))
        else:
            parts.append((_name(node), node.start_byte))
    return parts


def _name(key: Node) -> str:
    text = (key.text or b"").decode()
    try:
        return next(iter(tomllib.loads(f"{text} = 0")))
    except (tomllib.TOMLDecodeError, StopIteration):
        return text
