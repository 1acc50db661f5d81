"""A file that stands for others of its folder says of them what each says of itself, whatever the Dockerfile."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devenv.errors import InputError
from devenv.layout.alike import reaches
from devenv.layout.read import Layout, read_layout
from devenv.layout.ruling import Change, Ruling, Verdict
from devenv.layout.site import below, exactly, translate, tree_of, within
from tests.layout.cases import Case, corpus
from tests.layout.test_generated import cases

from .layouts import layout

NAMES = (".hidden", "a.py", "b.py", "c.sh", "d.txt", "requirements-x.txt", "package.json", "x.toml", "e", "f.tar.gz")


def crowd(context: Path) -> None:
    """Put some more files into every folder."""
    for folder in (context, *(path for path in sorted(context.rglob("*")) if path.is_dir())):
        for name in NAMES:
            if not (folder / name).exists():
                (folder / name).write_text("x")


def said(ruling: Ruling, path: str) -> tuple[object, ...]:
    """What counts of a ruling, without the path's own name."""
    name = path.rpartition("/")[2]
    places = [
        (each.path.removesuffix(name), each.owner, each.mode, each.follows, each.changes) for each in ruling.landings
    ]
    reason = "" if ruling.verdict is Verdict.SYNC else ruling.reason
    return ruling.verdict, ruling.line, ruling.instruction, reason, ruling.hint, places


def misled(found: Layout) -> list[str]:
    """The files of which another one says something else than they do."""
    return [
        path
        for ruling, paths in found.rulings("")
        for path in paths
        if said(found.rule(path, Change.EDIT), path) != said(ruling, ruling.path)
    ]


def read(case: Case, folder: Path) -> Layout:
    context = case.write(folder)
    crowd(context)
    return read_layout(context, context / "Dockerfile", target=case.target)


@pytest.mark.parametrize("case", corpus(), ids=lambda case: case.name)
def test_in_every_case_of_the_corpus(case: Case, tmp_path: Path) -> None:
    found = read(case, tmp_path)
    assert misled(found) == []
    every = [path for _, paths in found.rulings("") for path in paths]
    assert sorted(every) == sorted(path for _, paths in found.tree.walk() for path in paths)


@given(case=cases())
def test_in_dockerfiles_that_nobody_wrote(case: Case) -> None:
    with tempfile.TemporaryDirectory() as folder:
        try:
            found = read(case, Path(folder) / "context")
        except InputError:
            return
        assert misled(found) == []


@pytest.mark.parametrize(
    ("lines", "most"),
    [
        ("COPY . /app", 1),
        ("COPY . /app\nRUN pip install -r /app/requirements.txt", 1),
        ("COPY . /app\nRUN find /app -name '*.sh' -exec chmod +x {} +", 2),
        ("COPY src/a.py /app/\nCOPY . /app2", 2),
        ("COPY src/*.py /app/", 1000),
    ],
)
def test_many_files_are_few_groups(tmp_path: Path, lines: str, most: int) -> None:
    names = [f"src/{name}.{kind}" for name in "abcdefgh" for kind in ("py", "sh", "txt")]
    found = layout(tmp_path, f"FROM debian\n{lines}\n", [*names, "requirements.txt"])
    assert len([paths for _, paths in found.rulings("src")]) <= most
    assert misled(found) == []


PARTS = st.lists(st.sampled_from(["a", "b", "a.b", "a+", "x y"]), max_size=3).map("/".join)
PLACES = PARTS.map(lambda path: f"/{path}".rstrip("/"))
GLOBS = st.lists(st.sampled_from(["**/", "*", "?", "a", "b", ".", "/", "**", "[ab]"]), min_size=1, max_size=4).map(
    "".join
)
EXPRESSIONS = st.one_of(
    PLACES.map(lambda place: exactly(place or "/")),
    PLACES.map(lambda place: below(place or "/")),
    PLACES.map(lambda place: tree_of(exactly(place or "/"))),
    PLACES.map(lambda place: tree_of(exactly(place or "/") + "|/b")),
    st.tuples(PLACES, GLOBS).map(lambda pair: within(pair[0], pair[1])),
    GLOBS.map(lambda glob: tree_of("/" + translate(glob))),
)


@given(expressions=st.lists(EXPRESSIONS, min_size=1, max_size=2), place=PLACES)
def test_what_is_said_of_a_folder_holds_for_every_name(expressions: list[str], place: str) -> None:
    pattern = re.compile("|".join(f"(?:{each})" for each in expressions), re.DOTALL)
    names = ("a", "b", "a.b", "a+", "x y", "c", ".a", "ab", "bb", "\n")
    answers = {pattern.fullmatch(f"{place}/{name}") is not None for name in names}
    told = reaches(expressions, place)
    assert told is None or answers == {told}
