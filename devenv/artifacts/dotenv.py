"""Dotenv text that Compose reads back exactly, and the same values for shells; writes no file."""

from __future__ import annotations

import re
from collections.abc import Mapping

from devenv.artifacts import MARKER

# Inside double quotes compose-go's dotenv reader expands `$` and these escapes, and nothing else.
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "$": "\\$", "\n": "\\n", "\r": "\\r", "\t": "\\t"})

_BEGIN = f"# >>> {MARKER} (for compose.yaml)"
_END = "# <<< devenv"
BLOCK = re.compile(rf"{re.escape(_BEGIN)}\n.*?{re.escape(_END)}\n", re.DOTALL)
"""Our part of a user's .env."""


def dotenv(values: Mapping[str, str]) -> str:
    """One `NAME="value"` a line."""
    return "".join(f'{name}="{value.translate(_ESCAPES)}"\n' for name, value in values.items())


def block(values: Mapping[str, str]) -> str:
    """The part of a user's .env that is ours, between two marks."""
    return f"{_BEGIN}\n{dotenv(values)}{_END}\n"


def shell(values: Mapping[str, str]) -> str:
    """One `export NAME=value` a line, for `eval`."""
    import shlex

    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in values.items())
