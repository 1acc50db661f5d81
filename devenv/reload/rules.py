"""What reload must be told of an image's layout; the one who tells is `devenv.layout.read`."""

from __future__ import annotations

from collections.abc import Iterable, Set
from typing import Protocol

from devenv.layout.ruling import Change, Ruling


class Rules(Protocol):
    """Where the files of one build context end, and what a change of each asks for."""

    def rule(self, path: str, change: Change | None = None) -> Ruling:
        """What a change of one path asks for; the path is relative to the context, there or not."""

    def roots(self) -> Iterable[str]:
        """The paths of the context that the image uses; `.` is all of it."""

    @property
    def inputs(self) -> Set[str]:
        """Files of the context that this itself depends on: after a change of one it is to be read anew."""

    @property
    def reloading(self) -> str:
        """The command that takes changed files up by itself, for a sentence; empty where the process starts anew."""
