"""A script taken apart: the commands that it may run, where, with which words, and whether they surely run."""

from __future__ import annotations

import pytest

from devenv.layout.shell import UnclearError, split

KNOWN = {"K": "known", "TWO": "a b", "E": ""}

SCRIPTS: dict[str, list[str]] = {
    "a b c": ["a b c"],
    "a && b; c": ["a", "?b", "c"],
    "a && b": ["a", "b"],
    "a || b": ["a", "?b"],
    "a && b || c; d": ["a", "?b", "?c", "d"],
    "a | b": ["a", "b <"],
    "a & b": ["?a", "b"],
    "! a": ["a"],
    "cd x && a": ["[/w/x] a"],
    "cd /x; a; cd ..; b": ["[/x] a", "[/] b"],
    "cd $UNKNOWN && a": ["[] a"],
    "(cd x && a); b": ["?[/w/x] a", "b"],
    "b; (cd x && a)": ["b", "[/w/x] a"],
    "{ cd x; a; }; b": ["[/w/x] a", "[/w/x] b"],
    "if a; then cd x; else c; fi; d": ["?a", "?c", "[] d"],
    "if cd x; then a; elif b; then cd y; c; else d; fi": ["?[/w/x] a", "?[/w/x] b", "?[/w/x/y] c", "?[/w/x] d"],
    "case $K in x) cd x ;; *) b ;; esac": ["?b"],
    "for f in 1 2; do a $f; done": ["a 1", "a 2"],
    "for f in *; do a $f; done; b $f": ["?a _", "b _"],
    "while a; do b; done": ["?a", "?b"],
    "case $K in x) a ;; *) b ;; esac": ["?a", "?b"],
    "X=1 a $X $K": ["a _ known"],
    "X=1; a $X": ["a 1"],
    "export X=1 && a ${X}": ["a 1"],
    "X=1; X+=2; a $X": ["a _"],
    "unset K; a $K": ["a _"],
    "a $TWO": ["a a b"],
    'a "$TWO"': ["a a b"],
    "a $(b c) `d`": ["b c", "d", "a _ _"],
    'a "x$(b)y"': ["b", "a _"],
    "a 'b c' \"d $K\" e\\ f": ["a b c d known e f"],
    "a ${K:-x} ${K#k}": ["a _ _"],
    "a ~/x {1,2} $((1+1))": ["a _ _ _"],
    "a > f 2>&1": ["a", "> f"],
    "a < f": ["a <", "< f"],
    "a >> $X": ["a", "> _"],
    "[ -f x ] && a": ["test -f x", "a"],
    "[[ $K == y ]] && a; b": ["test known y", "?a", "b"],
    "a # b": ["a"],
    "a <<E\nb $(c)\nE\nd": ["a <", "c", "d"],
    "set -e\na\nb": ["set -e", "a", "b"],
    "command -v a || b": ["command -v a", "?b"],
    "": [],
}


def shown(script: str) -> list[str]:
    """Each command in short: `?` for one that may not run, `[…]` for another folder, `<` for an input, `_` unknown."""
    found = []
    for each in split(script, "/w", KNOWN):
        place = "" if each.folder == "/w" else f"[{each.folder or ''}] "
        words = " ".join("_" if word.text is None else word.text for word in each.words)
        found.append(("" if each.sure else "?") + place + words + (" <" if each.stdin is not None else ""))
    return found


@pytest.mark.parametrize(("script", "expected"), SCRIPTS.items())
def test_a_script_is_taken_apart(script: str, expected: list[str]) -> None:
    assert shown(script) == expected


@pytest.mark.parametrize(
    "script", ["a &&", "if a; then", "f() { a; }", "a 'b", "case x", "( " * 600 + "a" + " )" * 600]
)
def test_what_is_not_clear_is_said(script: str) -> None:
    with pytest.raises(UnclearError):
        split(script, "/w", {})


def test_a_pattern_is_told_from_a_name() -> None:
    (command,) = split("a *.py '*.py' b\\*", "/", {})
    assert [(word.text, word.wild) for word in command.words[1:]] == [("*.py", True), ("*.py", False), ("b*", False)]


def test_a_heredocs_text_is_kept() -> None:
    (command,) = split("sh <<'E'\necho $X\nE\n", "/", {})
    assert command.stdin == "echo $X\n"
