"""A list of names in a sentence: the first few, and how many more."""

from __future__ import annotations

from collections.abc import Sequence


def first_few(names: Sequence[str], limit: int) -> str:
    """`a, b and 3 more`; all of them where there are no more than `limit`."""
    shown = ", ".join(names[:limit])
    return f"{shown} and {len(names) - limit} more" if len(names) > limit else shown
