"""Single patterns: each rule of moby/patternmatcher and of Go's path functions by a few cases of our own."""

from __future__ import annotations

import pytest

from devenv.layout.ignore import Ignore
from devenv.layout.pattern import Kind, PatternError, clean, parse

WHERE = ["pattern", "hits", "misses"]
CASES = {
    # plain text
    "name": ("Makefile", "Makefile Makefile/x", "makefile sub/Makefile Makefile2"),
    "path": ("docs/api", "docs/api docs/api/v1/index.md", "docs docs/apis x/docs/api"),
    "special characters of other languages": ("v1.0+(x)", "v1.0+(x)", "v1x0+(x)"),
    "special characters beside a star": ("(v1.0)+$*", "(v1.0)+$ (v1.0)+$x", "v1.0 (v1x0)+$ (v1.0)(v1.0)"),
    "a dollar sign": ("a$", "a$", "a"),
    "braces and bars are plain text": ("{a|b}", "{a|b}", "a b"),
    "a caret is plain text": ("^a", "^a", "a"),
    "case counts": ("readme.md", "readme.md", "README.md"),
    # cleaning
    "a slash in front": ("/build", "build build/x", "src/build"),
    "many slashes": ("//src///x//", "src/x", "src"),
    "a slash behind": ("build/", "build build/x", "src/build"),
    "a dot in front": ("./build", "build", "x/build"),
    "a step up": ("a/../b", "b", "a a/b"),
    "a step up over a wildcard": ("*/../b", "b", "a x/b"),
    "a step up over **": ("a/**/../b", "a/b", "b a/x/b"),
    "a step up out of the context": ("../b", "", "b ../x"),
    "the context itself": (".", "", "a a/b .hidden"),
    "all of it by a slash": ("/", "", "a a/b"),
    "trimmed": ("\t build \r", "build", "src"),
    "trimmed behind the slash": ("/ build", "build", "src"),
    "a slash behind the trimmed slash stays": ("/ /build", "", "build"),
    "no-break spaces are space": ("\u00a0build\u3000", "build", "src"),
    # *
    "star": ("*.log", "a.log .log a.log/x", "x/a.log a.logs"),
    "star alone": ("*", "a .hidden a/b", ""),
    "star in the middle": ("a*z", "az abcz", "ab a/z"),
    "star for one folder": ("*/tmp", "a/tmp a/tmp/x", "tmp a/b/tmp"),
    "star below": ("a/*", "a/b a/b/c", "a ab"),
    "many stars": ("a*b*c*/d", "abc/d a1b2c3/d", "abc a/b/c/d"),
    "pyc at the top only": ("*.pyc", "a.pyc", "pkg/a.pyc"),
    # **
    "any depth": ("**/x", "x a/x a/b/x a/b/x/y", "ax a/bx"),
    "any depth, with a wildcard": ("**/*.pyc", "a.pyc p/q/a.pyc", "a.py a.pycx"),
    "any depth, longer": ("**/a/b", "a/b x/a/b x/a/b/c", "a x/a/c/b"),
    "** without a slash": ("**x", "x ax a/bx a/x/y", "xa"),
    "everything below": ("a/**", "a/b a/b/c", "a ab"),
    "everything that begins so": ("a**", "a ab a/b ab/c", "b b/a"),
    "** twice": ("**/**", "a a/b", ""),
    "** between": ("a/**/z", "a/z a/b/z a/b/c/z", "az a/b b/z"),
    "** in a name": ("a**/z", "a/z ab/z a/b/z", "z a"),
    "** and more at the end": ("a/*.t**", "a/b.t a/b.txt a/b.t/c", "a/b b.t"),
    "three stars": ("***", "a a/b", ""),
    "two at any depth": ("**/**/*.c", "a.c a/b/c.c", "a.h"),
    "below at any depth": ("**/tmp/**", "tmp/a a/tmp/b a/tmp/b/c", "tmp a/tmp"),
    # ?
    "one character": ("a?c", "abc aéc a☺c", "ac abbc a/c"),
    "as many": ("???", "abc .ab", "ab abcd a/b"),
    # classes
    "a class": ("[abc]x", "ax cx", "dx abx x"),
    "a range": ("v[0-9]", "v0 v9", "v va v10"),
    "a class of others": ("[^a-c]x", "dx éx -x", "ax bx"),
    "! is no negation": ("[!a]", "! a", "b"),
    "a wide range": ("[a-ζ]", "m α", "A ω"),
    "an escaped bracket in a class": (r"[\]\[]", "] [", "a \\"),
    "an escaped hyphen in a class": (r"[a\-c]", "a - c", "b"),
    "a lone closing bracket": ("a]*", "a] a]b", "a"),
    "an open bracket in a class": ("[[a]*", "[x a", "b"),
    # \
    "an escaped star": (r"a\*b", "a*b", "ab axb"),
    "an escaped question mark": (r"a\?", "a?", "ab"),
    "an escaped bracket": (r"\[a]", "[a]", "a"),
    "an escaped backslash": ("a\\\\", "a\\", "a a\\\\"),
    "an escaped bang": (r"\!a", "!a", "a"),
    "an escaped comment": (r"\#a", "#a", "a"),
    # what Docker's detour over regular expressions makes of it
    "a star in a class": ("[*]", "]", "* a"),
    "a question mark in a class": ("a[?]", "a^] a[]", "a? a"),
    "a letter behind a backslash": (r"\d\d*", "12 123/a", "dd 1"),
    "space behind a backslash": (r"a\sb", "a\tb", "a\vb asb"),
    "no word behind a backslash": (r"\W*", "-a .b", "ab _c"),
    "a character by its number": (r"\x41\102", "AB", "ab"),
    "a word's edge": (r"a\b*", "a a-b aé", "ab a_"),
    "a POSIX class": ("[[:digit:]]*", "1 2b", "a :"),
    "a negated POSIX class": ("[[:^alpha:]]*", "1 .b", "a"),
    "a bar beside a star": ("a|*b", "a ax a/x xb x/ab", "c bc"),
    "a count beside a star": ("a{2}*", "aa aab", "a a{2} ab"),
    "no count beside a star": ("{a,b}*", "{a,b} {a,b}c", "a b"),
    "a count of the start": ("{0}b?", "bc abc x/abc", "b abcd"),
    "a caret beside a star": ("^a*", "a ab", "^a"),
    "a backslash that escapes the end": ("a*\\", "a$ ab$c", "a a\\"),
    "a class that passes behind a star": ("a*[-]", "a- ab-", "a -"),
    "a hyphen at the end of a class behind a star": ("x*[a-]", "xa x-", "x] xb"),
    "a caret later": ("a^b*", "", "a^b ab"),
    "a range backwards": ("[b-a]", "", "a b"),
    "an unknown escape": (r"\y*", "", "y yes"),
    "a count of a count": ("a{2}{2}*", "", "a aaaa a{2}{2}"),
    "a count of nothing": ("**{2}*", "", "a {2} aa"),
    "too high a count": ("a{0,1001}*", "", "a aa a{0,1001}"),
}


@pytest.mark.parametrize(WHERE, [pytest.param(*case, id=name) for name, case in CASES.items()])
def test_a_pattern_matches(pattern: str, hits: str, misses: str) -> None:
    ignore = Ignore.from_text(pattern)
    paths = [*hits.split(" "), *misses.split(" ")]
    assert [path for path in paths if path and ignore.ignored(path)] == [path for path in hits.split(" ") if path]


@pytest.mark.parametrize("path", ["a\nb", "x/a\nb"])
def test_a_line_break_in_a_name_stops_only_a_wildcard_for_folders(path: str) -> None:
    assert Ignore.from_text("**/a?b").ignored(path)
    assert not Ignore.from_text("**/b?x").ignored(path)
    assert not Ignore.from_text("**/z?").ignored(f"{path}/zz")


@pytest.mark.parametrize("line", ["", "   ", "\t", "# a comment", "#", "\r"])
def test_a_line_without_a_pattern(line: str) -> None:
    assert parse(line) is None


def test_a_comment_begins_at_the_start_of_the_line_only() -> None:
    pattern = parse("  # no comment")
    assert pattern
    assert pattern.text == "# no comment"


@pytest.mark.parametrize(
    ("line", "text"),
    [("!a", "a"), ("! /a/", "a"), ("  !\ta  ", "a"), ("/!a", "a"), ("!!a", "!a"), ("!./a", "a"), ("! !a", "!a")],
)
def test_what_is_included_again(line: str, text: str) -> None:
    pattern = parse(line)
    assert pattern
    assert (pattern.includes, pattern.text) == (True, text)


@pytest.mark.parametrize("line", ["!", "! ", "!/", "! //"])
def test_a_bang_needs_a_pattern(line: str) -> None:
    with pytest.raises(PatternError, match="`!` has no pattern"):
        parse(line)


@pytest.mark.parametrize(
    "line",
    [
        "[",
        "a[",
        "[]",
        "[]a]",
        "[^]",
        "[a",
        "[-]",
        "[-a]",
        "[a-]",
        "[a-b-c]",
        "a\\",
        "[\\",
        "[a\\",
        "!x[",
        "?[",
        "[.]*[",
        "[+-/]*[",
    ],
)
def test_what_docker_refuses(line: str) -> None:
    with pytest.raises(PatternError, match="Docker"):
        parse(line)


@pytest.mark.parametrize("line", ["x*[", "a*\\", "[a]*[-]", "[^.]*[", "[+-,]*[", "..*["])
def test_docker_looks_no_further_than_the_first_star(line: str) -> None:
    """Its check asks whether the pattern matches `.`, and stops as soon as it doesn't."""
    assert parse(line)


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("a.b/c", Kind.EXACT),
        ("a/**", Kind.PREFIX),
        ("a**", Kind.PREFIX),
        ("**", Kind.SUFFIX),
        ("**/a.b", Kind.SUFFIX),
        ("**/**", Kind.REGEXP),
        ("**/*.a", Kind.REGEXP),
        ("a?", Kind.REGEXP),
        ("a]", Kind.REGEXP),
        ("\\a", Kind.REGEXP),
    ],
)
def test_the_cheapest_comparison_is_taken(line: str, kind: Kind) -> None:
    pattern = parse(line)
    assert pattern
    assert pattern.kind is kind


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("", "."),
        ("./", "."),
        ("a//b/./c/", "a/b/c"),
        ("a/b/../../..", ".."),
        ("../../a", "../../a"),
        ("/../a", "/a"),
        ("//", "/"),
        ("//a", "/a"),
        ("a/..", "."),
        ("...", "..."),
    ],
)
def test_cleaning_is_gos(path: str, expected: str) -> None:
    assert clean(path) == expected
