"""Whole ignore files: which pattern decides, what folders do to it, and where the file is found."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import assume, given

from devenv.errors import DevenvError, InputError
from devenv.layout.ignore import Folder, Ignore, ignore_file, parse_ignore, read_bytes
from devenv.layout.pattern import parse

from .ignore_texts import ignore_texts
from .trees import grow

CASES = {
    "nothing": ("", "", "a .git"),
    "the last match wins": ("*.md\n!README.md\nREADME.md", "a.md README.md", "a"),
    "included again": ("*.md\n!README.md", "a.md", "README.md docs/a.md"),
    "included before it is ignored": ("!README.md\n*.md", "README.md a.md", "a"),
    "below an ignored folder": ("docs\n!docs/README.md", "docs docs/a docs/a/README.md", "docs/README.md"),
    "a folder in an ignored folder": ("docs\n!docs/api", "docs docs/a", "docs/api docs/api/x docs/api/x/y"),
    "and something of it ignored again": (
        "docs\n!docs/api\ndocs/api/x",
        "docs/a docs/api/x docs/api/x/y",
        "docs/api/z",
    ),
    "all but": ("*\n!src\n!Dockerfile", "README.md docs/src", "src src/a/b Dockerfile"),
    "all but, by **": ("**\n!src/**", "a src docs/src", "src/a src/a/b"),
    "all but a name": ("**\n!**/keep", "a a/b", "keep a/keep a/b/keep a/keep/c"),
    "all but a name at the top": ("*\n!*.txt", "a a/b.txt", "b.txt"),
    "included before the folder is ignored": ("!a/x\na\n!a/z", "a a/x", "a/z"),
    "comments and gaps": ("# a\n\n  \n b\n#!c", "b", "a c #!c # a"),
    "an indented comment is a pattern": ("  #a", "#a", "a"),
    "a byte order mark": ("\ufeffa\nb", "a b", "c"),
    "a byte order mark before a comment": ("\ufeff# a\nb", "b", "a"),
    "a byte order mark later on": ("b\n\ufeffa", "b", "a"),
    "and beside a star": ("b\n\ufeffa*", "b a ab", "c \ufeffa"),
    "lines of Windows": ("a\r\n!b\r\nc\r\n", "a c", "b"),
    "no line feed, no line": ("a\vb\n\u2028c", "a\vb c", "a b"),
    # A `!` is tried only where something is ignored; what it would have matched above doesn't count.
    "a bang that had nothing to do": ("a/*.txt\n!a", "a/x.txt", "a a/y"),
    "a bang that had something to do": ("a\na/*.txt\n!a", "", "a a/x.txt a/y"),
    "a bang for a folder, then a file of it": ("a\n!a\na/x", "a/x a/x/y", "a a/y"),
    # Docker decides by the text of the `!` patterns whether to look into an ignored folder at all.
    "a folder that Docker doesn't enter": ("a/b\n!a/*/**", "a/b a/b/c", "a a/c"),
    "it enters all if there is a wildcard": ("a/b\n!a/*/**\n!z?", "a/b", "a/b/c a/c"),
    "a wildcard class": ("a\n!a/[bc]", "a a/d", "a/b a/c"),
    "a bar beside a wildcard": ("a\n!z|*b", "a", "a/b"),
    "a count beside a wildcard": ("a\n!a/bc{0}?", "a a/bcd", "a/bd a/bd/e"),
}


@pytest.mark.parametrize(("text", "hidden", "shown"), [pytest.param(*case, id=name) for name, case in CASES.items()])
def test_an_ignore_file(text: str, hidden: str, shown: str) -> None:
    ignore = Ignore.from_text(text)
    paths = [path for path in (*hidden.split(" "), *shown.split(" ")) if path]
    assert [path for path in paths if ignore.ignored(path)] == [path for path in hidden.split(" ") if path]


@pytest.mark.parametrize(
    ("text", "folder", "expected"),
    [
        ("a", "b", True),
        ("a", "a", False),
        ("a", "a/b", False),
        ("a\n!b", "a", False),
        ("a\n!a/b/c", "a", True),
        ("a\n!a/b/c", "a/b", True),
        ("a\n!a/b/c", "a/x", False),
        ("!a/b\na", "a", False),
        ("a\n!a/**", "a", True),
        ("a\n!**/b", "a/x/y", True),
        ("a\n!*.md", "a", False),
        ("a\n!*/*.md", "a", True),
        ("a\n!*/*.md", "a/x", False),
        ("a\n!b/*", "a", False),
        ("a\n!a[.-0]b", "a", True),
        ("a\n!a\\Wb", "a", True),
        ("a\n!z|b*", "a", True),
        ("a/b\n!a/*/**", "a/b", False),
        ("node_modules\n!**/.env.example", "node_modules", True),
        ("node_modules\n!.env.*", "node_modules", False),
    ],
)
def test_whether_an_ignored_folder_is_worth_a_look(text: str, folder: str, expected: bool) -> None:
    assert Ignore.from_text(text).may_hold_included(folder) is expected


def test_a_bad_pattern_is_named_with_its_line() -> None:
    with pytest.raises(InputError) as caught:
        Ignore.from_text("# one\n\na[\n", "x/.dockerignore")
    assert (str(caught.value), caught.value.where) == (
        "`a[` is not a pattern that Docker can read",
        "x/.dockerignore:3",
    )
    assert caught.value.hint


NAMES = ("a", "b", "ab", "c.txt", "[a]", "é", "$")
PATHS = ["/".join(parts) for depth in (1, 2, 3) for parts in itertools.product(NAMES, repeat=depth)]


def plainly_ignored(text: str, path: str) -> bool:
    """Docker's walk spelled out, without any of the shortcuts."""
    patterns = [pattern for line in text.removeprefix("\ufeff").split("\n") if (pattern := parse(line))]
    stems = [pattern.text.removesuffix("/**").removesuffix("/*") for pattern in patterns if pattern.includes]
    parts = path.split("/")
    above = [False] * len(patterns)
    ignored = False
    for end in range(1, len(parts) + 1):
        here = "/".join(parts[:end])
        matched = [False] * len(patterns)
        ignored = False
        for place, pattern in enumerate(patterns):
            if above[place] or (pattern.includes == ignored and pattern.matches(here)):
                matched[place] = True
                ignored = not pattern.includes
        wild = any(char in stem for stem in stems for char in "*[]?^\\")
        if ignored and not wild and not any(f"{stem}/".startswith(f"{here}/") for stem in stems):
            return True
        above = matched
    return ignored


@given(ignore_texts(PATHS))
def test_shortcuts_change_nothing(text: str) -> None:
    try:
        ignore = Ignore.from_text(text)
    except InputError:
        assume(False)
    hidden = {path for path in PATHS if ignore.ignored(path)}
    assert hidden == {path for path in PATHS if plainly_ignored(text, path)}
    closed = [path for path in PATHS if not ignore.may_hold_included(path)]
    assert [path for path in closed for below in PATHS if below.startswith(f"{path}/") and below not in hidden] == []


def test_a_walk_says_the_same() -> None:
    ignore = Ignore.from_text("a\n!a/b")
    folder = ignore.enter("a", Folder())
    assert (folder.ignored, ignore.may_hold_included(folder)) == (True, True)
    assert not ignore.hides("a/b", folder)
    assert ignore.hides("a/c", folder)


@pytest.mark.parametrize(
    ("text", "expected"), [("!.git", True), ("!.git/HEAD", True), ("!a/.git", True), (".git", False), ("!.git*", False)]
)
def test_a_name_that_is_included(text: str, expected: bool) -> None:
    assert Ignore.from_text(text).includes_by_name(".git") is expected


def found(context: Path, dockerfile: Path) -> Ignore:
    """The patterns in the file that counts for a build."""
    path = ignore_file(context, dockerfile)
    return parse_ignore(path, read_bytes(path)) if path else Ignore()


class TestTheFile:
    def test_none(self, tmp_path: Path) -> None:
        assert ignore_file(tmp_path, tmp_path / "Dockerfile") is None
        assert not found(tmp_path, tmp_path / "Dockerfile").ignored("a")

    def test_the_contexts(self, tmp_path: Path) -> None:
        grow(tmp_path, {"context/.dockerignore": "a", "docker/.dockerignore": "b"})
        ignore = found(tmp_path / "context", tmp_path / "docker/Dockerfile")
        assert (ignore.ignored("a"), ignore.ignored("b")) == (True, False)

    @pytest.mark.parametrize(("text", "b"), [("b", True), ("", False)])
    def test_the_dockerfiles_own_replaces_it_even_if_empty(self, tmp_path: Path, text: str, b: bool) -> None:
        grow(tmp_path, {".dockerignore": "a", "docker/app.Dockerfile.dockerignore": text})
        ignore = found(tmp_path, tmp_path / "docker/app.Dockerfile")
        assert (ignore.ignored("a"), ignore.ignored("b")) == (False, b)

    def test_a_folder_of_that_name_is_none(self, tmp_path: Path) -> None:
        grow(tmp_path, {".dockerignore": "a", "Dockerfile.dockerignore/": None})
        assert ignore_file(tmp_path, tmp_path / "Dockerfile") == tmp_path / ".dockerignore"

    def test_a_link_counts_only_within_its_folder(self, tmp_path: Path) -> None:
        grow(tmp_path, {"ignore": "a", "in/shared/ignore": "a"})
        grow(tmp_path, {"in/.dockerignore": "->shared/ignore", "out/.dockerignore": "->../ignore"})
        assert found(tmp_path / "in", tmp_path / "Dockerfile").ignored("a")
        assert not found(tmp_path / "out", tmp_path / "Dockerfile").ignored("a")

    def test_a_context_that_is_a_link(self, tmp_path: Path) -> None:
        grow(tmp_path, {"real/.dockerignore": "a", "link": "->real"})
        assert found(tmp_path / "link", tmp_path / "link/Dockerfile").ignored("a")

    def test_bytes_that_are_not_text(self, tmp_path: Path) -> None:
        grow(tmp_path, {".dockerignore": b"\xff\xfe\na\n"})
        assert found(tmp_path, tmp_path / "Dockerfile").ignored("a")

    def test_a_bad_pattern_names_the_file(self, tmp_path: Path) -> None:
        grow(tmp_path, {".dockerignore": "!"})
        with pytest.raises(InputError) as caught:
            found(tmp_path, tmp_path / "Dockerfile")
        assert caught.value.where == f"{tmp_path / '.dockerignore'}:1"

    def test_a_name_that_can_not_be(self, tmp_path: Path) -> None:
        with pytest.raises(DevenvError):
            found(tmp_path, tmp_path / ("x" * 300))
