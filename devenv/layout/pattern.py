"""One line of an ignore file as Docker reads it, and the paths it matches; knows nothing of the lines around it.

The rules are those of moby/patternmatcher and its `ignorefile` reader, and behind them Go's `filepath.Clean` and
`filepath.Match`. Four of them surprise:

- a line is cleaned as a path before anything in it means something, so `a/**/../b` is `a/b`;
- `**x` at the start is only "ends with x", `x**` at the end only "begins with x";
- `**/` also stands for nothing, so `**/x` matches `x`, but `x/**` does not match `x`;
- a pattern that still begins with `/` or `..` after cleaning is legal and matches nothing.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass

from devenv.layout.regexp import to_python

# Python's own strip() would take the four separators from U+001C on as well; Go's TrimSpace does not.
_SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
_BYTE_ORDER_MARK = "\ufeff"
# patternmatcher means to escape `|{}` as well, but its table of escapes is too small for them (`escapeBytes`).
_REGEXP_ONLY = frozenset(".+()$")
_ITEM = r"(?:\\.|[^\\\]-])"
# Each can be read in one way only, so that nothing is gained by possessive quantifiers; Python 3.11.2 gets those wrong.
_CLASS = rf"\[(?:\^|(?!\^))(?:{_ITEM}(?:-{_ITEM})?)+\]"
_WELL_FORMED = rf"(?s:[^\[\\]|\\.|{_CLASS})*"
_UP_TO_STAR = r"(?s:\\.?|\[(?:\\.?|[^\]\\])*|[^*\[\\])*"


class Kind(enum.Enum):
    """How a pattern is compared with a path; Docker takes the cheapest that the pattern allows."""

    EXACT = enum.auto()
    PREFIX = enum.auto()
    SUFFIX = enum.auto()
    REGEXP = enum.auto()


class PatternError(ValueError):
    """Docker refuses the line, and with it the build."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A cleaned pattern without its `!`.

    `includes` says that it had one. `expression` is for `re.fullmatch` and only there for Kind.REGEXP; None there means
    that the pattern matches nothing, because Docker can't evaluate it.
    """

    text: str
    includes: bool
    kind: Kind
    expression: str | None = None

    @property
    def ending(self) -> str:
        """What a path must end with, for Kind.SUFFIX."""
        return self.text[2:]

    @property
    def beginning(self) -> str:
        """What a path must begin with, for Kind.PREFIX."""
        return self.text[:-2]

    def matches(self, path: str) -> bool:
        """Whether the path itself matches, without regard to the folders above it."""
        match self.kind:
            case Kind.EXACT:
                return path == self.text
            case Kind.PREFIX:
                return path.startswith(self.beginning)
            case Kind.SUFFIX:
                return path.endswith(self.ending) or f"/{path}" == self.ending
            case Kind.REGEXP:
                return self.expression is not None and re.fullmatch(self.expression, path, re.ASCII) is not None


def parse(line: str) -> Pattern | None:
    """A line's pattern; None for a comment or an empty line. Raises PatternError where Docker would."""
    if line.startswith("#"):
        return None
    text = _read(line)
    if not text:
        return None
    # The reader and the matcher each trim and clean, so `/ /a` keeps a slash that `//a` loses.
    text = clean(text.strip(_SPACE))
    includes = text.startswith("!")
    text = text.removeprefix("!")
    if not text:
        raise PatternError("`!` has no pattern")
    if not _passes(text):
        raise PatternError(f"`{text}` is not a pattern that Docker can read")
    return _compile(text, includes)


def clean(path: str) -> str:
    """The shortest path that means the same: Go's `filepath.Clean` with `/` as separator; `.` for nothing."""
    rooted = path.startswith("/")
    parts: list[str] = []
    for part in path.split("/"):
        if part == ".." and parts and parts[-1] != "..":
            parts.pop()
        elif part not in ("", ".") and not (part == ".." and rooted):
            parts.append(part)
    return ("/" if rooted else "") + "/".join(parts) or "."


def _read(line: str) -> str:
    """The `ignorefile` reader's share: trim, clean, and make an absolute path one of the context."""
    text = line.strip(_SPACE)
    bang = text.startswith("!")
    if bang:
        text = text[1:].strip(_SPACE)
    if text:
        text = clean(text).removeprefix("/")
    return "!" + text if bang else text


def _passes(text: str) -> bool:
    """Whether the pattern passes patternmatcher's syntax check, which is Go's `filepath.Match` of the path `.`.

    That reads the pattern by pieces between stars, and a piece only if the one before it did match; what is wrong
    further on passes, and may even match something.
    """
    if "[" not in text and "\\" not in text:
        return True
    place = 0
    for _ in ".", "":
        star = len(text) - len(text[place:].lstrip("*"))
        piece = re.compile(_UP_TO_STAR).match(text, star)
        assert piece is not None
        if not re.fullmatch(_WELL_FORMED, piece[0]):
            return False
        if not _is_dot(piece[0]):
            return True
        place = piece.end()
    return True


def _is_dot(piece: str) -> bool:
    """Whether a piece is one character that can be a dot."""
    if re.fullmatch(_CLASS, piece, re.DOTALL):
        ranges = re.findall(rf"({_ITEM})(?:-({_ITEM}))?", piece[1:-1].removeprefix("^"), re.DOTALL)
        return any(first[-1] <= "." <= (last or first)[-1] for first, last in ranges) != piece.startswith("[^")
    return piece in (".", "?", "\\.")


def _compile(text: str, includes: bool) -> Pattern:
    """Choose the kind, and build the expression where there is no cheaper one, as patternmatcher does."""
    kind = Kind.EXACT
    parts: list[str] = []
    rest = text.removeprefix(_BYTE_ORDER_MARK)  # Go's text/scanner drops one
    first = True
    while rest:
        piece, rest, special = _piece(rest)
        parts.append(piece)
        if piece == ".*" and kind is Kind.EXACT:
            kind = Kind.PREFIX
        elif special:
            kind = Kind.REGEXP
        if first and special and piece in (".*", "(.*/)?"):
            kind = Kind.SUFFIX
        first = False
    if kind is not Kind.REGEXP:
        return Pattern(text, includes, kind)
    source = "^" + "".join(parts) + "$"
    try:
        return Pattern(text, includes, kind, to_python(source))
    except ValueError:
        return Pattern(text, includes, kind)


def _piece(rest: str) -> tuple[str, str, bool]:
    """The regular expression of the next piece, what comes after it, and whether it is more than plain text."""
    char = rest[0]
    if rest.startswith("**"):
        rest = rest[2:].removeprefix("/")
        return ("(.*/)?" if rest else ".*"), rest, True
    if char == "*":
        return "[^/]*", rest[1:], True
    if char == "?":
        return "[^/]", rest[1:], True
    if char == "\\":
        return rest[:2], rest[2:], True
    if char in _REGEXP_ONLY:
        return "\\" + char, rest[1:], False
    return char, rest[1:], char in "[]"
