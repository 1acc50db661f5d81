"""YAML text from plain values; the only home of the YAML library, which is imported when something is written.

Every string that came from a user is `Quoted`: PyYAML decides by YAML 1.1 what needs quotes, Compose reads by 1.2, and
the two disagree about `1e3`, `0o7` and others.
"""

from __future__ import annotations

import functools
from typing import Any


class Quoted(str):
    """A string that is always written in double quotes."""

    __slots__ = ()


class Block(str):
    """A text of several lines, written as a literal block where YAML allows it."""

    __slots__ = ()


@functools.cache
def _dumper() -> Any:
    import yaml

    base: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

    class Dumper(base):  # type: ignore[misc]
        def ignore_aliases(self, data: Any) -> bool:
            return True

    styles = {Quoted: '"', Block: "|"}
    for kind, style in styles.items():
        Dumper.add_representer(
            kind, lambda dumper, value, style=style: dumper.represent_scalar("tag:yaml.org,2002:str", str(value), style)
        )
    return Dumper


def dump(value: Any) -> str:
    """The value as block-style YAML, keys in the order given."""
    import yaml

    text: str = yaml.dump(
        value, Dumper=_dumper(), sort_keys=False, allow_unicode=True, width=1000, default_flow_style=False
    )
    return text
