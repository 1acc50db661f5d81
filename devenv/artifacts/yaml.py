"""YAML text from plain values; the only home of the YAML library.

Every string that came from a user is `Quoted`: PyYAML decides by YAML 1.1 what needs quotes, Compose reads by 1.2, and
the two disagree about `1e3`, `0o7` and others.
"""

from __future__ import annotations

from typing import Any

import yaml

_Base: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class Quoted(str):
    """A string that is always written in double quotes."""

    __slots__ = ()


class Block(str):
    """A text of several lines, written as a literal block where YAML allows it."""

    __slots__ = ()


class _Dumper(_Base):  # type: ignore[misc]
    def ignore_aliases(self, data: Any) -> bool:
        return True


def _quoted(dumper: Any, value: Quoted) -> Any:
    return dumper.represent_scalar("tag:yaml.org,2002:str", str(value), style='"')


def _block(dumper: Any, value: Block) -> Any:
    return dumper.represent_scalar("tag:yaml.org,2002:str", str(value), style="|" if value.isprintable else '"')


_Dumper.add_representer(Quoted, _quoted)
_Dumper.add_representer(Block, _block)


def dump(value: Any) -> str:
    """The value as block-style YAML, keys in the order given."""
    text: str = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1000, default_flow_style=False)
    return text
