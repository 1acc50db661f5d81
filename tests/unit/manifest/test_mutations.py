"""Whatever is wrong with a manifest, and however its TOML is laid out: an error of ours, at exactly its place.

By default the same few hundred examples every time; DEVENV_SOAK=1 looks for 10,000 new ones, DEVENV_EXAMPLES for more.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devenv.errors import InputError, ManifestError, Problem
from devenv.manifest.model import App, BuildModel, Manifest, PortModel, Ready
from devenv.manifest.source import parse, place, read
from devenv.positions import positions

from .shop import CLOSED, NEEDED, RUNNING, WRONG, WRONG_NAMES, shop
from .writer import Items, Leaf, Node, Table, Writer, plain, tree
from .writer import Path as Keys

SOAK = bool(os.environ.get("DEVENV_SOAK"))
EXAMPLES = int(os.environ.get("DEVENV_EXAMPLES", "10000" if SOAK else "150"))
KNOWN = {key for model in (Manifest, App, BuildModel, Ready, PortModel) for key in model.model_fields}

examples = settings(
    max_examples=EXAMPLES,
    derandomize=not SOAK,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
randoms = st.randoms(use_true_random=True)


@dataclass
class Bench:
    """A tree that is being spoilt, and the problems that have to be found: their paths, at the key or at the value."""

    random: Random
    root: Table = field(default_factory=shop)
    touched: list[Keys] = field(default_factory=list)
    expected: dict[Keys, str] = field(default_factory=dict)

    def tables(self, kinds: tuple[str, ...]) -> list[tuple[Keys, Table]]:
        return [(path, node) for path, node in walk(self.root) if isinstance(node, Table) and node.kind in kinds]

    def take(self, path: Keys) -> bool:
        """Whether nothing around or inside of `path` was touched before."""
        if any(path[: len(other)] == other or other[: len(path)] == path for other in self.touched):
            return False
        self.touched.append(path)
        return True


def walk(node: Node, path: Keys = ()) -> list[tuple[Keys, Node]]:
    """Every part of a tree with its path."""
    children = node.entries if isinstance(node, Table) else enumerate(node.nodes) if isinstance(node, Items) else ()
    return [(path, node), *(found for step, child in children for found in walk(child, (*path, step)))]


def at(root: Node, path: Keys) -> Node:
    """The part at `path`."""
    return next(node for found, node in walk(root) if found == path)


def index_of(table: Table, key: str) -> int:
    return [name for name, _ in table.entries].index(key)


def change_type(bench: Bench) -> None:
    """Give something a value that it can't have."""
    path, node = bench.random.choice([(path, node) for path, node in walk(bench.root) if node.kind in WRONG])
    if not bench.take(path):
        return
    wrong = tree(bench.random.choice(WRONG[node.kind]))
    parent = at(bench.root, path[:-1])
    if isinstance(parent, Table):
        parent.entries[index_of(parent, str(path[-1]))] = (str(path[-1]), wrong)
    elif isinstance(parent, Items):
        parent.nodes[int(path[-1])] = wrong
    bench.expected[path] = "value"


def insert_junk(bench: Bench) -> None:
    """Add a key that nobody knows."""
    path, table = bench.random.choice(bench.tables(CLOSED))
    key = "zq" + bench.random.choice(["", "x y", "ü", '"', "\\", "'", ".", "日本", "\n", "q" * 100, "-1"])
    if bench.take((*path, key)):
        value = bench.random.choice([1, "x", [], {}, {"a": {"b": 1}}, [{"a": 1}, {"a": 2}]])
        table.entries.insert(bench.random.randint(0, len(table.entries)), (key, tree(value)))
        bench.expected[(*path, key)] = "key"


def insert_bad_name(bench: Bench) -> None:
    """Add a name that a service, a volume or a variable can't have."""
    path, table = bench.random.choice(bench.tables(tuple(WRONG_NAMES)))
    name = bench.random.choice(WRONG_NAMES[table.kind])
    if bench.take((*path, name)):
        value: dict[str, object] = {"apps": {"build": "."}, "sidecars": {}, "env": "x", "volumes": "/x"}
        table.entries.append((name, tree(value[table.kind])))
        bench.expected[(*path, name)] = "key"


def rename_key(bench: Bench) -> None:
    """Mistype a key."""
    path, table = bench.random.choice([(path, table) for path, table in bench.tables(CLOSED) if table.entries])
    key, node = bench.random.choice(table.entries)
    spot = bench.random.randrange(len(key))
    typo = bench.random.choice([key[:spot] + key[spot + 1 :], key[:spot] + key[spot] + key[spot:], key.upper()])
    if typo in KNOWN or not bench.take((*path, key)) or not bench.take((*path, typo)):
        return
    table.entries[index_of(table, key)] = (typo, node)
    bench.expected[(*path, typo)] = "key"


def delete_key(bench: Bench) -> None:
    """Leave a key out."""
    path, table = bench.random.choice([(path, table) for path, table in bench.tables(CLOSED) if table.entries])
    key, _ = bench.random.choice(table.entries)
    if bench.take((*path, key)):
        del table.entries[index_of(table, key)]
        if key in NEEDED.get(table.kind, ()):
            bench.expected[path] = "value"


MUTATIONS: list[Callable[[Bench], None]] = [change_type, insert_junk, insert_bad_name, rename_key, delete_key]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("manifest") / "devenv.toml"


def save(file: Path, text: str, random: Random) -> None:
    file.write_bytes((b"\xef\xbb\xbf" if random.random() < 0.1 else b"") + text.encode())


def problems_of(file: Path) -> list[Problem]:
    """What the whole way from the file finds."""
    source = read(file)
    return place(source, parse(source)[1])


@examples
@given(randoms)
def test_the_whole_shop_is_valid_in_every_layout_and_every_place_is_known(file: Path, random: Random) -> None:
    root, writer = shop(), Writer(random)
    save(file, writer.write(root), random)
    source = read(file)
    assert source.data == plain(root)
    assert parse(source)[1] == []
    places = positions(source.text)
    assert {path: places.key(path) for path in writer.keys} == writer.keys
    assert {path: places.value(path) for path in writer.values} == writer.values


@examples
@given(randoms, st.integers(1, 3))
def test_what_is_wrong_is_reported_at_its_place(file: Path, random: Random, count: int) -> None:
    bench = Bench(random)
    for _ in range(count):
        random.choice(MUTATIONS)(bench)
    writer = Writer(random)
    save(file, writer.write(bench.root), random)
    for path, node in walk(bench.root):
        if isinstance(node, Table) and node.kind == "running app" and not RUNNING & {key for key, _ in node.entries}:
            bench.expected[path] = "value"
    found = {problem.path: problem for problem in problems_of(file)}
    for path, kind in bench.expected.items():
        assert path in found, (path, found)
        expected = (writer.keys if kind == "key" else writer.values)[path]
        assert (found[path].line, found[path].column) == expected, found[path]
        assert found[path].message.isprintable()
    assert found.keys() - bench.expected.keys() <= {()}  # where no service is left, that is said too


@examples
@given(randoms)
def test_a_key_that_is_there_twice_is_reported_on_its_second_line(file: Path, random: Random) -> None:
    root, writer = shop(), Writer(random)
    tables = [(path, node) for path, node in walk(root) if isinstance(node, Table)]
    leaves = [(path, t, key) for path, t in tables for key, child in t.entries if isinstance(child, Leaf)]
    path, table, key = random.choice(leaves)
    table.entries.insert(random.randint(index_of(table, key) + 1, len(table.entries)), (key, Leaf(1)))
    save(file, writer.write(root), random)
    with pytest.raises(ManifestError, match="this key has a value already") as caught:
        read(file)
    (problem,) = caught.value.problems
    assert problem.line == writer.keys[(*path, key)][0]


def damage(data: bytearray, random: Random) -> None:
    """Flip, insert, delete or cut off some bytes."""
    for _ in range(random.randint(1, 4)):
        spot = random.randrange(len(data) + 1)
        match random.choice(["flip", "insert", "delete", "truncate", "copy"]):
            case "flip" if spot < len(data):
                data[spot] ^= 1 << random.randrange(8)
            case "insert":
                data[spot:spot] = random.choice(
                    [b'"', b"'", b"[", b"{", b"}", b"]", b"=", b"\n", b"\r", b"\0", b"\xff", b"."]
                )
            case "delete":
                del data[spot : spot + random.choice([1, 1, 1, 5, 50])]
            case "truncate" if random.random() < 0.2:
                del data[spot:]
            case "copy":
                data[spot:spot] = data[random.randrange(len(data) + 1) :][:20]


def tomllib_line(data: bytes) -> int | None:
    """The line on which tomllib finds an error; None where it finds none, or the text is not even UTF-8."""
    try:
        text = data.decode().removeprefix("\ufeff")
        tomllib.loads(text)
    except UnicodeDecodeError:
        return None
    except tomllib.TOMLDecodeError as error:
        match = re.search(r"\(at line (\d+), column \d+\)$", str(error))
        return int(match[1]) if match else text.count("\n") + 1
    return None


@settings(examples, max_examples=max(EXAMPLES // 5, 150))
@given(randoms)
def test_damaged_bytes_are_an_error_of_ours(file: Path, random: Random) -> None:
    data = bytearray(Writer(random).write(shop()).encode())
    damage(data, random)
    file.write_bytes(data)
    lines = data.count(b"\n") + 1
    try:
        problems = problems_of(file)
        assert tomllib_line(bytes(data)) is None
    except ManifestError as error:
        problems = list(error.problems)
        assert tomllib_line(bytes(data)) in (None, problems[0].line)
    except InputError as error:
        pytest.fail(f"the file can be read: {error}")
    assert all(1 <= problem.line <= lines and problem.column >= 1 for problem in problems)
