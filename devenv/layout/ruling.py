"""What the layout says of one file of the build context: where it ends in the image, and what a change of it asks for.

Values only: made by `devenv.layout.read`, used by whoever syncs, explains or compares; knows no Dockerfile, no engine.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Verdict(Enum):
    """What a change of a file asks for."""

    SYNC = "sync"
    REBUILD = "rebuild"
    ABSENT = "not in the image"


@dataclass(frozen=True, slots=True)
class Landing:
    """One place in the image where a file ends.

    `path` is absolute and clean. `owner` is `user:group` as the Dockerfile gives it, by names or numbers, and `0:0`
    where it says nothing. `mode` are permission bits that the image has whatever the host's are; None: the host's.
    `follows` says that a symbolic link of the context is a regular file here (BuildKit does so for named sources).
    """

    path: str
    owner: str = "0:0"
    mode: int | None = None
    follows: bool = False


@dataclass(frozen=True, slots=True)
class Ruling:
    """The verdict on one path of the context (relative, with `/`), and the reason in one sentence.

    `line` is the line of the Dockerfile that decides (0: none does), `instruction` its text, shortened to one line.
    Landings are there with `sync` and, where they are known, with `rebuild`.
    """

    path: str
    verdict: Verdict
    landings: tuple[Landing, ...]
    line: int
    instruction: str
    reason: str
