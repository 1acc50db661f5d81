"""Dotenv text that Compose reads back exactly, and the same values for shells; writes no file."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

# Inside double quotes compose-go's dotenv reader expands `$` and these escapes, and nothing else.
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "$": "\\$", "\n": "\\n", "\r": "\\r", "\t": "\\t"})


def dotenv(values: Mapping[str, str]) -> str:
    """One `NAME="value"` a line."""
    return "".join(f'{name}="{value.translate(_ESCAPES)}"\n' for name, value in values.items())


def shell(values: Mapping[str, str]) -> str:
    """One `export NAME=value` a line, for `eval`."""
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in values.items())
