"""The corpus: one text for each case, with a Dockerfile and the small context it is built from.

`=== path` begins a file, `=== path (755)` one with a mode, `=== path -> target` is a link, `=== path/` an empty folder.
A first line `# ignore: …` is left to the reader; `# target: NAME` chooses a stage.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "corpus"
BASE = "devenv-oracle/tools"
_HEADER = re.compile(r"^=== (\S+)(?: \((\d+)\)| -> (\S+))?$", re.MULTILINE)


@dataclass(frozen=True)
class File:
    """What is at a path: its content and mode, or where the link leads."""

    content: str = ""
    mode: int = 0o644
    link: str | None = None


@dataclass(frozen=True)
class Case:
    """A Dockerfile with its context; `target` as in `docker build --target`."""

    name: str
    files: Mapping[str, File]
    target: str | None = None

    @property
    def dockerfile(self) -> str:
        """The Dockerfile's text."""
        return self.files["Dockerfile"].content

    def write(self, folder: Path) -> Path:
        """Make the context."""
        folder.mkdir(parents=True, exist_ok=True)
        for path, file in self.files.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            if path.endswith("/"):
                target.mkdir(exist_ok=True)
            elif file.link is not None:
                target.symlink_to(file.link)
            else:
                target.write_text(file.content)
                target.chmod(file.mode)
        return folder


def parse(name: str, text: str) -> Case:
    """A case from its text."""
    head, *parts = _HEADER.split(text)
    files = {}
    for path, mode, link, content in zip(*(parts[place::4] for place in range(4)), strict=True):
        files[path] = File(content.removeprefix("\n"), int(mode or "644", 8), link)
    target = re.search(r"^# target: (\S+)$", head, re.MULTILINE)
    return Case(name, files, target[1] if target else None)


def corpus() -> list[Case]:
    """All cases, by name."""
    return [parse(path.stem, path.read_text()) for path in sorted(FOLDER.glob("*.txt"))]
