"""Turns the regular expressions that Docker makes of ignore patterns, Go's, into Python's; must not match paths itself.

moby/patternmatcher glues a pattern's characters into a Go regular expression without looking at where they stand, and
doesn't escape all that mean something there: `[*]` is not the class of one star but `[[^/]*]`, `\\d` is a digit, and
with a `*` somewhere else `a|b` is an alternative and `a{2}` is `aa`. What that matches is decided by Go's syntax (the
standard library's "regexp/syntax"), so it is read here by Go's rules. Left out are `\\p`, `\\P` (Unicode classes) and
`\\Q` (quoting): nobody means them in a path.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

Ranges = Sequence[tuple[int, int]]

_LAST = 0x10FFFF
_DIGIT: Ranges = ((0x30, 0x39),)
_UPPER: Ranges = ((0x41, 0x5A),)
_LOWER: Ranges = ((0x61, 0x7A),)
_LETTER: Ranges = (*_UPPER, *_LOWER)
_PERL: dict[str, Ranges] = {
    "d": _DIGIT,
    "s": ((0x09, 0x0A), (0x0C, 0x0D), (0x20, 0x20)),
    "w": (*_DIGIT, *_UPPER, (0x5F, 0x5F), *_LOWER),
}
_POSIX: dict[str, Ranges] = {
    "alnum": (*_DIGIT, *_LETTER),
    "alpha": _LETTER,
    "ascii": ((0x00, 0x7F),),
    "blank": ((0x09, 0x09), (0x20, 0x20)),
    "cntrl": ((0x00, 0x1F), (0x7F, 0x7F)),
    "digit": _DIGIT,
    "graph": ((0x21, 0x7E),),
    "lower": _LOWER,
    "print": ((0x20, 0x7E),),
    "punct": ((0x21, 0x2F), (0x3A, 0x40), (0x5B, 0x60), (0x7B, 0x7E)),
    "space": ((0x09, 0x0D), (0x20, 0x20)),
    "upper": _UPPER,
    "word": _PERL["w"],
    "xdigit": (*_DIGIT, (0x41, 0x46), (0x61, 0x66)),
}
_CONTROL = {"a": 0x07, "f": 0x0C, "n": 0x0A, "r": 0x0D, "t": 0x09, "v": 0x0B}
_ASSERTIONS = {"A": r"(?:\A)", "z": r"(?:\Z)", "b": r"(?:\b)", "B": r"(?:\B)"}
_END = r"\Z"
_AS_IN_PYTHON = {"^": "(?:^)", "$": _END} | {char: char for char in ".*?()|"}
_MOST_REPEATS = 1000


def to_python(source: str) -> str:
    """The same expression for `re.fullmatch` with `re.ASCII`; ValueError where Go refuses it, or it isn't modelled.

    `source` begins with `^` and ends with `$`, which need not hold all of it: `^a|b$` is found within a path.
    """
    result: list[str] = []
    at = 0
    while at < len(source):
        char = source[at]
        if char == "[":
            text, at = _class(source, at + 1)
        elif char == "\\":
            text, at = _escaped(source, at + 1)
        elif char == "{" and (number := _repeat(source, at)):
            text, at = _checked(number, result), number.end()
        else:
            text, at = _AS_IN_PYTHON.get(char, re.escape(char)), at + 1
        result.append(text)
    text = "".join(result)
    held = "|" not in result and not result[1].startswith("{") and result[-1] == _END
    return text if held else f"(?s:.*?)(?:{text})(?s:.*)"


def _repeat(source: str, at: int) -> re.Match[str] | None:
    """A count in braces; Go takes anything else in braces as it stands."""
    return re.compile(r"\{(0|[1-9]\d*)(,(0|[1-9]\d*)?)?\}", re.ASCII).match(source, at)


def _checked(count: re.Match[str], before: list[str]) -> str:
    """A count as Python has it, unless there is nothing that it could repeat or it is too high."""
    least, most = int(count[1]), int(count[3] or count[1])
    if before[-1] in ("*", "?", "|") or before[-1].startswith("{") or max(least, most) > _MOST_REPEATS or most < least:
        raise ValueError("a count that can't be")
    return count[0]


def _escaped(source: str, at: int) -> tuple[str, int]:
    """What stands behind a backslash outside a class, and where the rest begins."""
    char = source[at : at + 1]
    if char in _ASSERTIONS:
        return _ASSERTIONS[char], at + 1
    if perl := _perl(char):
        return _set(perl), at + 1
    code, at = _code(source, at)
    return re.escape(chr(code)), at


def _class(source: str, at: int) -> tuple[str, int]:
    """A bracketed class from behind its `[` to behind its `]`; a `]` that comes first stands for itself."""
    negated = source.startswith("^", at)
    at += negated
    ranges: list[tuple[int, int]] = []
    while not ranges or not source.startswith("]", at):
        found, at = _item(source, at)
        ranges += found
    return _set(ranges, "^" * negated), at + 1


def _item(source: str, at: int) -> tuple[Ranges, int]:
    """One item of a class: a POSIX class, a Perl class, a range or a character."""
    end = source.find(":]", at + 2)
    if source.startswith("[:", at) and end >= 0:
        return _posix(source[at + 2 : end]), end + 2
    if source.startswith("\\", at) and (perl := _perl(source[at + 1 : at + 2])):
        return perl, at + 2
    first, at = _char(source, at)
    if not source.startswith("-", at) or source[at + 1 : at + 2] in ("", "]"):
        return ((first, first),), at
    last, at = _char(source, at + 1)
    if last < first:
        raise ValueError("a range that runs backwards")
    return ((first, last),), at


def _char(source: str, at: int) -> tuple[int, int]:
    if at >= len(source):
        raise ValueError("a class without its end")
    return _code(source, at + 1) if source[at] == "\\" else (ord(source[at]), at + 1)


def _code(source: str, at: int) -> tuple[int, int]:
    """The character behind a backslash: punctuation itself, a control letter, `\\x41` or up to three octal digits."""
    char = source[at : at + 1]
    if char.isascii() and char and not char.isalnum():
        return ord(char), at + 1
    if char in _CONTROL:
        return _CONTROL[char], at + 1
    if number := re.compile("x([0-9A-Fa-f]{2})").match(source, at):
        return int(number[1], 16), number.end()
    if number := re.compile("0[0-7]{0,2}|[1-7][0-7]{1,2}").match(source, at):
        return int(number[0], 8), number.end()
    raise ValueError("an unknown escape")


def _perl(letter: str) -> Ranges | None:
    ranges = _PERL.get(letter.lower())
    return _complement(ranges) if ranges and letter.isupper() else ranges


def _posix(name: str) -> Ranges:
    ranges = _POSIX.get(name.removeprefix("^"))
    if ranges is None:
        raise ValueError("an unknown class")
    return _complement(ranges) if name.startswith("^") else ranges


def _complement(ranges: Ranges) -> Ranges:
    result = []
    free = 0
    for first, last in sorted(ranges):
        if free < first:
            result.append((free, first - 1))
        free = max(free, last + 1)
    if free <= _LAST:
        result.append((free, _LAST))
    return result


def _set(ranges: Ranges, negated: str = "") -> str:
    # Negated by Python: written out, a complement takes a hundred times as long to compile.
    items = (_quoted(first) if first == last else f"{_quoted(first)}-{_quoted(last)}" for first, last in ranges)
    return f"[{negated}{''.join(items)}]"


def _quoted(code: int) -> str:
    return f"\\U{code:08x}"
