"""What the supervisor notes of its programs for those who come when it is gone: one small file, replaced at once."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from devenv.engines.native import NOTE
from devenv.engines.native.identity import identity
from devenv.engines.native.program import Seen


@dataclass(frozen=True, slots=True)
class Noted:
    """The last note: the programs, and the supervisor that keeps them; nobody where all has ended as it should."""

    pid: int = 0
    identity: str = ""
    programs: tuple[Seen, ...] = ()

    @property
    def supervised(self) -> bool:
        """Whether the supervisor is there."""
        return bool(self.pid) and bool(self.identity) and identity(self.pid) == self.identity

    @property
    def abandoned(self) -> bool:
        """Whether the supervisor went without a word: what it kept may still run."""
        return bool(self.pid) and not self.supervised


@dataclass(frozen=True)
class Record:
    """The file, in the project's folder of state."""

    folder: Path

    def save(self, programs: Iterable[Seen], *, keeper: int) -> None:
        """Replace the note; `keeper` is the process that keeps the programs, 0 for nobody and nothing to keep.

        A full disk loses the note: what runs is then found by its mark.
        """
        value = {
            "pid": keeper,
            "identity": identity(keeper) if keeper else "",
            "programs": [asdict(program) for program in programs],
        }
        new = self.folder / f"{NOTE}.new"
        with contextlib.suppress(OSError):
            new.write_text(json.dumps(value))
            new.chmod(0o600)
            new.replace(self.folder / NOTE)

    def load(self) -> Noted:
        """The last note; one of nothing where there is none that can be read."""
        try:
            value = json.loads((self.folder / NOTE).read_text())
            programs = tuple(Seen(**program) for program in value["programs"])
            return Noted(value["pid"], value["identity"], programs)
        except (OSError, ValueError, KeyError, TypeError):
            return Noted()
