"""What the layout says of one file of the build context: where it ends in the image, and what a change of it asks for.

Values only: made by `devenv.layout.read`, used by whoever syncs, explains or compares; knows no Dockerfile, no engine.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from devenv.layout.mode import after


class Verdict(Enum):
    """What a change of a file asks for."""

    SYNC = "sync"
    REBUILD = "rebuild"
    ABSENT = "not in the image"


class Change(Enum):
    """What happened to a path since the image was built: its content or mode differs, it is new, or it is gone."""

    EDIT = "edit"
    ADD = "add"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Landing:
    """One place in the image where a file ends.

    `path` is absolute and clean. `owner` is `user:group` as the Dockerfile gives it, by names or numbers, and `0:0`
    where it says nothing; `user:` is that user with its primary group, as chown writes it. `mode` are permission bits
    that the image has whatever the host's are; None: the host's. `changes` are what chmod does to them afterwards, such
    as `+x`: `mode_for` counts it all together. `follows` says that a symbolic link of the context is a regular file
    here (BuildKit does so for named sources).
    """

    path: str
    owner: str = "0:0"
    mode: int | None = None
    follows: bool = False
    changes: tuple[str, ...] = ()

    def mode_for(self, host: int, *, folder: bool = False) -> int:
        """The permission bits in the image of a file that has `host` here; a RUN's umask is taken for 022."""
        mode = host & 0o7777 if self.mode is None else self.mode
        for change in self.changes:
            mode = after(mode, change, folder=folder)
        return mode


@dataclass(frozen=True, slots=True)
class Ruling:
    """The verdict on one path of the context (relative, with `/`), and the reason in one sentence.

    `line` is the line of the Dockerfile that decides (0: none does), `instruction` its text, shortened to one line.
    Landings are there with `sync` and, where they are known, with `rebuild`. `hint` says what could be written
    otherwise so that a file needn't rebuild; often it is empty.
    """

    path: str
    verdict: Verdict
    landings: tuple[Landing, ...]
    line: int
    instruction: str
    reason: str
    hint: str = ""
