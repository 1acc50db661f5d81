"""Dotenv text that Compose reads back exactly, and the same values for shells; writes no file."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping

from devenv.artifacts import MARKER

# Inside double quotes compose-go's dotenv reader expands `$` and these escapes, and nothing else.
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "$": "\\$", "\n": "\\n", "\r": "\\r", "\t": "\\t"})

_NOT_SINGLE = re.compile(r"['\\\n\r]")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_BEGIN = f"# >>> {MARKER} (for compose.yaml)"
_END = "# <<< devenv"
BLOCK = re.compile(rf"{re.escape(_BEGIN)}\r?\n.*?{re.escape(_END)}(?:\r?\n|\Z)", re.DOTALL)
"""Our part of a user's .env."""


def dotenv(values: Mapping[str, str]) -> str:
    """One `NAME="value"` a line; in single quotes where a `$` allows it, as other readers know no `\\$`."""
    return "".join(f"{name}={_quoted(value)}\n" for name, value in values.items())


def _quoted(value: str) -> str:
    if "$" in value and not _NOT_SINGLE.search(value):
        return f"'{value}'"
    return f'"{value.translate(_ESCAPES)}"'


def block(values: Mapping[str, str]) -> str:
    """The part of a user's .env that is ours, between two marks."""
    return f"{_BEGIN}\n{dotenv(values)}{_END}\n"


def github(values: Mapping[str, str]) -> str:
    """What is appended to the file that `$GITHUB_ENV` names: each value between two lines that it does not hold.

    https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands, "Multiline strings".
    """
    return "".join(f"{name}<<{mark}\n{value}\n{mark}\n" for name, value in values.items() for mark in [_mark(value)])


def _mark(value: str) -> str:
    lines = set(value.splitlines())
    marks = (f"devenv_end{number or ''}" for number in itertools.count())
    return next(mark for mark in marks if mark not in lines)


def masks(values: Iterable[str]) -> str:
    """Lines that have GitHub hide values in its logs; one that has several lines is hidden line by line."""
    lines = dict.fromkeys(line for value in values for line in value.splitlines() if line.strip())
    return "".join(f"::add-mask::{line.replace('%', '%25')}\n" for line in lines)


def shell(values: Mapping[str, str]) -> str:
    """One `export NAME=value` a line, for `eval`; a name that no shell takes is said in a comment."""
    import shlex

    return "".join(
        f"export {name}={shlex.quote(value)}\n" if _NAME.fullmatch(name) else f"# no shell can export `{name}`\n"
        for name, value in values.items()
    )
