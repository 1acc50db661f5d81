"""Text as a terminal may see it: cleaned, measured, cut, painted; must know nothing of events or errors."""

from __future__ import annotations

import re

Span = tuple[str, str]
"""A piece of a line and its style: words out of the codes below, which mean the same to rich."""

Line = tuple[Span, ...]

_CODES = {
    "bold": 1,
    "dim": 2,
    "red": 31,
    "green": 32,
    "yellow": 33,
    "blue": 34,
    "magenta": 35,
    "cyan": 36,
    "bright_green": 92,
    "bright_yellow": 93,
    "bright_blue": 94,
    "bright_magenta": 95,
    "bright_cyan": 96,
}

_SEQUENCE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # CSI: colours, the cursor
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)"  # OSC, DCS: titles, links
    r"|\x1b[ -/]*[0-~]"  # the short ones: character sets, save and restore
)
# Besides the control characters: those that turn the direction of writing, and Unicode's own line ends.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def clean(text: str) -> str:
    """One line of foreign text with nothing in it that steers a terminal; of a rewritten line, what stayed visible."""
    if text.isprintable():
        return text
    text = _SEQUENCE.sub("", text).rstrip("\r\n").replace("\r\n", "\n").replace("\n", " ")
    text = _CONTROL.sub("", text.rpartition("\r")[2]).expandtabs()
    return text.encode("utf-8", "replace").decode()


def cells(text: str) -> int:
    """How many columns of a terminal the text takes."""
    return len(text) if text.isascii() else sum(map(_cell, text))


def fit(text: str, width: int) -> str:
    """The text in at most `width` columns, its end replaced by an ellipsis where it is longer."""
    if cells(text) <= width:
        return text
    if width < 1:
        return ""
    kept, room = "", width - 1
    for character in text:
        room -= _cell(character)
        if room < 0:
            break
        kept += character
    return kept + "…"


def pad(text: str, width: int) -> str:
    """The text with spaces up to `width` columns."""
    return text + " " * (width - cells(text))


def paint(text: str, style: str, color: bool) -> str:
    """The text in a style, or as it is where there is no style, no text or no colour."""
    if not (color and style and text):
        return text
    codes = ";".join(str(_CODES[word]) for word in style.split())
    return f"\x1b[{codes}m{text}\x1b[0m"


def render(line: Line, color: bool) -> str:
    """A line of spans as a string without spaces at its end."""
    return "".join(paint(text, style, color) for text, style in line).rstrip()


def duration(seconds: float) -> str:
    """A time that someone waited, in the words of a person."""
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


def _cell(character: str) -> int:
    # Imported here because nearly all text is ASCII.
    from unicodedata import category, east_asian_width

    if category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if east_asian_width(character) in "WF" else 1
