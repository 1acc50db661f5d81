"""Writes a tree as TOML in any of the styles that TOML allows, and notes where it wrote each key and value.

It shares nothing with the code under test: places are counted while characters are written.
"""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass, field
from random import Random

Path = tuple[str | int, ...]
Place = tuple[int, int]


@dataclass
class Leaf:
    """A scalar. `kind` is for who changes the tree."""

    value: object
    kind: str = ""


@dataclass
class Items:
    """An array."""

    nodes: list[Node]
    kind: str = ""


@dataclass
class Table:
    """A table; a key may be there twice."""

    entries: list[tuple[str, Node]]
    kind: str = ""


Node = Leaf | Items | Table


@dataclass
class _Section:
    header: Path
    names: tuple[str, ...]
    body: list[tuple[tuple[str, ...], Path, Node]]
    is_element: bool = False


@dataclass
class Writer:
    """One document; `keys` and `values` hold the places, from 1, in characters."""

    random: Random
    keys: dict[Path, Place] = field(default_factory=dict)
    values: dict[Path, Place] = field(default_factory=dict)
    _pieces: list[str] = field(default_factory=list)
    _line: int = 1
    _column: int = 1

    def write(self, table: Table) -> str:
        """The document's text."""
        self._newline = self.random.choice(["\n", "\n", "\r\n"])
        self.keys[()] = self.values[()] = (1, 1)
        body, blocks = self._split(table, (), (), ())
        self._section(_Section((), (), body))
        for section in self._shuffled(blocks):
            self._section(section)
        return "".join(self._pieces)

    # Which style each table gets

    def _split(
        self, table: Table, path: Path, names: tuple[str, ...], dotted: tuple[str, ...]
    ) -> tuple[list[tuple[tuple[str, ...], Path, Node]], list[list[_Section]]]:
        """The lines that stand in a table's own section, and a block of sections for each child that has a header."""
        body: list[tuple[tuple[str, ...], Path, Node]] = []
        blocks: list[list[_Section]] = []
        for key, node in table.entries:
            place = (*path, key)
            style = self.random.choice(["inline", "dotted", "header", "header"])
            if isinstance(node, Table) and style == "dotted" and node.entries:
                inner, _ = self._split(_inline(node), place, (), (*dotted, key))
                body += inner
            elif isinstance(node, Table) and style == "header" and not dotted and not isinstance(table, _InlineTable):
                blocks.append(self._block(node, place, (*names, key)))
            elif isinstance(node, Items) and style == "header" and not dotted and _can_be_headers(node, table):
                elements = [
                    self._block(element, (*place, index), (*names, key), is_element=True)
                    for index, element in enumerate(node.nodes)
                    if isinstance(element, Table)
                ]
                blocks.append([section for element in elements for section in element])
            else:
                body.append(((*dotted, key), place, node))
        return body, blocks

    def _block(self, table: Table, path: Path, names: tuple[str, ...], *, is_element: bool = False) -> list[_Section]:
        body, blocks = self._split(table, path, names, ())
        own = _Section(path, names, body, is_element)
        if is_element:
            return [own, *self._shuffled(blocks)]
        if blocks and not body and self.random.random() < 0.5:
            return self._shuffled(blocks)  # the table is only implied
        return self._shuffled([[own], *blocks])

    def _shuffled(self, blocks: list[list[_Section]]) -> list[_Section]:
        self.random.shuffle(blocks)
        return [section for block in blocks for section in block]

    # Sections and lines

    def _section(self, section: _Section) -> None:
        if section.names:
            self._filler()
            self._text(self._spaces())
            self._text("[[" if section.is_element else "[")
            self._header(section)
            self._text("]]" if section.is_element else "]")
            self._end_line()
        for names, path, node in section.body:
            self._filler()
            self._text(self._spaces())
            self._pair(names, path, node)
            self._end_line()

    def _header(self, section: _Section) -> None:
        path: Path = ()
        rest = section.header
        for number, name in enumerate(section.names):
            self._text(self._dot() if number else self._spaces())
            path, rest = (*path, rest[0]), rest[1:]
            self._mention(path)
            if number == len(section.names) - 1 and not section.is_element:
                self.keys[path] = self.values[path] = (self._line, self._column)
            if rest and isinstance(rest[0], int):
                path, rest = (*path, rest[0]), rest[1:]
                self._mention(path)
            self._text(self._key(name))
        self._text(self._spaces())

    def _pair(self, names: tuple[str, ...], path: Path, node: Node) -> None:
        for number, name in enumerate(names):
            if number:
                self._text(self._dot())
            part = path[: len(path) - len(names) + number + 1]
            if number == len(names) - 1:
                self.keys[part] = (self._line, self._column)
            else:
                self._mention(part)
            self._text(self._key(name))
        self._text(self._spaces() + "=" + self._spaces())
        self._node(path, node)

    def _mention(self, path: Path) -> None:
        self.keys.setdefault(path, (self._line, self._column))
        self.values.setdefault(path, (self._line, self._column))

    # Values

    def _node(self, path: Path, node: Node) -> None:
        self.values[path] = (self._line, self._column)
        if isinstance(node, Table):
            self._inline_table(path, node)
        elif isinstance(node, Items):
            self._array(path, node)
        else:
            self._scalar(node.value)

    def _inline_table(self, path: Path, table: Table) -> None:
        body, _ = self._split(_inline(table), path, (), ())
        self._text("{" + self._spaces())
        for number, (names, place, node) in enumerate(body):
            if number:
                self._text(self._spaces() + "," + self._spaces())
            self._pair(names, place, node)
        self._text(self._spaces() + "}")

    def _array(self, path: Path, items: Items) -> None:
        many_lines = self.random.random() < 0.3
        self._text("[")
        for index, node in enumerate(items.nodes):
            if many_lines:
                self._end_line()
                self._filler()
            self._text(self._spaces())
            place = (*path, index)
            self.keys[place] = (self._line, self._column)
            self._node(place, node)
            if index < len(items.nodes) - 1 or self.random.random() < 0.3:
                self._text(self._spaces() + ",")
        if many_lines:
            self._end_line()
        self._text(self._spaces() + "]")

    def _scalar(self, value: object) -> None:
        if isinstance(value, str):
            self._string(value)
        elif isinstance(value, bool):
            self._text("true" if value else "false")
        elif isinstance(value, int) and value >= 0:
            ways = [f"{value:#x}"] if value > 2**64 else [f"{value}", f"+{value}", f"{value:#x}", f"{value:_}"]
            self._text(self.random.choice(ways))
        elif isinstance(value, datetime.date | datetime.time):
            self._text(value.isoformat())
        else:
            self._text(str(value))

    def _string(self, value: str) -> None:
        is_plain = value.isprintable()
        style = self.random.choice(["basic", "basic", "literal", "many", "many literal"])
        if style == "literal" and is_plain and "'" not in value:
            self._text(f"'{value}'")
        elif style == "many literal" and is_plain and "'" not in value:
            self._text("'''" + self._newline + value + "'''")
        elif style == "many":
            words = [self._escaped(word) for word in re.split("(?<= )", value)]
            joint = "\\" + self.random.choice(["", "  ", "\t"]) + self._newline + self._spaces()
            opening = '"""' + self.random.choice(["", self._newline, joint])
            self._text(opening + joint.join(words) + self.random.choice(["", joint]) + '"""')
        else:
            self._text(f'"{self._escaped(value)}"')

    def _escaped(self, text: str) -> str:
        rate = self.random.choice([0.0, 0.0, 0.3])
        return "".join(
            f"\\u{ord(c):04x}"
            if ord(c) < 0x10000 and (not c.isprintable() or c in '"\\' or self.random.random() < rate)
            else c
            for c in text
        )

    # Small change

    def _key(self, name: str) -> str:
        style = self.random.choice(["bare", "bare", "basic", "literal"])
        if style == "bare" and re.fullmatch("[A-Za-z0-9_-]+", name):
            return name
        if style == "literal" and name.isprintable() and "'" not in name:
            return f"'{name}'"
        return f'"{self._escaped(name)}"'

    def _spaces(self) -> str:
        return self.random.choice(["", " ", " ", "\t", "   "])

    def _dot(self) -> str:
        return self.random.choice([".", ".", " . "])

    def _filler(self) -> None:
        for _ in range(self.random.choice([0, 0, 0, 1, 2])):
            self._text(self._spaces())
            self._end_line()

    def _end_line(self) -> None:
        comments = ["", "", "", " # note", "# größer [x] = {", '  # """ \\  ', "#"]
        self._text(self._spaces() + self.random.choice(comments) + self._newline)

    def _text(self, text: str) -> None:
        self._pieces.append(text)
        lines = text.split("\n")
        if len(lines) > 1:
            self._line += len(lines) - 1
            self._column = 1
        self._column += len(lines[-1])


class _InlineTable(Table):
    """A table inside of an inline or dotted one, where no header can be."""


def _inline(table: Table) -> Table:
    return _InlineTable(table.entries, table.kind)


def _can_be_headers(items: Items, table: Table) -> bool:
    return (
        bool(items.nodes)
        and not isinstance(table, _InlineTable)
        and all(isinstance(node, Table) for node in items.nodes)
    )


def plain(node: Node) -> object:
    """The tree as tomllib should read it."""
    if isinstance(node, Table):
        return {key: plain(child) for key, child in node.entries}
    if isinstance(node, Items):
        return [plain(child) for child in node.nodes]
    return node.value


def tree(value: object, kind: str = "") -> Node:
    """Plain data as a tree."""
    if isinstance(value, dict):
        return Table([(key, tree(child)) for key, child in value.items()], kind)
    if isinstance(value, list):
        return Items([tree(child) for child in value], kind)
    return Leaf(value, kind)
