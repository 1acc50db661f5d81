"""Log lines as plain text: what a program writes must not steer the reader's terminal; reads nothing."""

from __future__ import annotations

import re

# CSI, OSC, DCS and other escape sequences, then every control character but tab.
_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]PX^_][^\x07\x1b]*(?:\x1b\\|\x07)|\x1b.|[\x00-\x08\x0b-\x1f\x7f-\x9f]", re.S
)


def clean(line: str) -> str:
    """The line as text: no escape sequence, no control character but tab."""
    return _ESCAPES.sub("", line)
