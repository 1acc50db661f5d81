"""Placeholders: a closed set of names in braces, substituted and never evaluated; knows no manifest and no recipe.

In a manifest a placeholder is `{service.value}`; everything else in braces is text, and `{{service.value}}` is the
text `{service.value}`. In a recipe every `{name}` is a placeholder. `{name|url}` percent-encodes the value.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote

from devenv.stack import Ref, Text

DOTTED = re.compile(r"(\{+)([a-z][a-z0-9_-]*(?:(?:\.[a-z0-9_]+)+|\.[A-Z][A-Z0-9_]*))(\|url)?(\}+)")
"""What a manifest's placeholders look like: lower case, with a dot, so that `${HOME}` or JSON are left alone.

Behind the dot there may also be the name of an export, in capitals.
"""

NAMED = re.compile(r"(\{+)([a-z][a-z0-9_-]*(?:(?:\.[a-z0-9_]+)*|\.[A-Z][A-Z0-9_]*))(\|url)?(\}+)")
"""What a recipe's placeholders look like: the dot is not needed."""


class UnboundError(Exception):
    """A placeholder names nothing; `name` is what stands in the braces."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def expand(source: str, lookup: Callable[[str], Text], pattern: re.Pattern[str] = DOTTED) -> Text:
    """Turn a string into a `Text`: `lookup` gives each placeholder's value and raises `UnboundError` where none is."""
    parts: list[str | Ref] = []
    position = 0
    for match in pattern.finditer(source):
        opening, name, as_url, closing = match.groups()
        parts.append(source[position : match.start()])
        position = match.end()
        if len(opening) > 1 and len(closing) > 1:
            parts.append(f"{opening[1:]}{name}{as_url or ''}{closing[1:]}")
            continue
        value = lookup(name)
        if as_url:
            value = tuple(quote(part, safe="") if isinstance(part, str) else part for part in value)
        parts += [opening[1:], *value, closing[1:]]
    parts.append(source[position:])
    return joined(tuple(parts))


def joined(text: Text) -> Text:
    """The same text with neighbouring strings made one and empty ones dropped."""
    result: list[str | Ref] = []
    for part in text:
        if isinstance(part, str) and result and isinstance(result[-1], str):
            result[-1] += part
        elif part:
            result.append(part)
    return tuple(result)


def escape(source: str) -> str:
    """A manifest string that `expand` turns back into `source`, whatever braces are in it."""
    return DOTTED.sub(lambda match: f"{{{match.group()}}}", source)
