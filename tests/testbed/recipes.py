"""Names the images that the tests need and what each is made from; makes none of them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(__file__).parent / "images"
LABEL = "devenv.testbed.recipe"


@dataclass(frozen=True)
class RootFs:
    """A minimal root file system of one Debian release, the start of every look-alike."""

    release: str

    #: A mirror that lags behind is no reason to stop; nothing else differs from mmdebstrap's own choices.
    options = ("--variant=minbase", "--include=ca-certificates", '--aptopt=Acquire::Check-Valid-Until "false"')

    @property
    def tag(self) -> str:
        return f"devenv-testbed/rootfs:{self.release}"

    @property
    def digest(self) -> str:
        return hashlib.sha256(json.dumps([self.release, self.options]).encode()).hexdigest()


@dataclass(frozen=True)
class Recipe:
    """How a look-alike is made: a folder of `images/`, what it stands on, and what the build is told."""

    tag: str
    folder: str
    parent: str
    arguments: dict[str, str] = field(default_factory=dict)
    contexts: tuple[str, ...] = ()
    target: str | None = None
    optional: bool = False

    def digest(self, parent: str, contexts: dict[str, str]) -> str:
        """A name for everything that decides the result: the files, the words, the parent and the extra contexts."""
        told = [self.tag, self.arguments, self.target, parent, [(name, contexts[name]) for name in self.contexts]]
        found = hashlib.sha256(json.dumps(told, sort_keys=True).encode())
        for path in sorted((FOLDER / self.folder).rglob("*")):
            inside = path.relative_to(FOLDER).parts
            if path.is_file() and not any(part.startswith((".", "__pycache__")) for part in inside):
                found.update(f"\0{path.relative_to(FOLDER)}\0{path.stat().st_mode & 0o111}\0".encode())
                found.update(path.read_bytes())
        return found.hexdigest()


def _postgres(major: int, *, base: str, optional: bool) -> Recipe:
    data = "/var/lib/postgresql/data" if major < 18 else f"/var/lib/postgresql/{major}/docker"
    volume = data if major < 18 else "/var/lib/postgresql"
    arguments = {"BASE": base, "MAJOR": str(major), "DATA": data, "VOLUME_PATH": volume}
    return Recipe(f"postgres:{major}", "postgres", base, arguments, optional=optional)


def _debian(tag: str, release: str, *, optional: bool = False) -> Recipe:
    rootfs = RootFs(release).tag
    return Recipe(tag, "debian", rootfs, {"ROOTFS": rootfs}, ("host",), optional=optional)


TRIXIE = "debian:trixie-slim"
S3MOCK_ARTIFACT = "com.adobe.testing:s3mock:5.2.0:jar:exec"
ROOT_FILE_SYSTEMS = {made.tag: made for made in map(RootFs, ("trixie", "bookworm", "testing"))}
RECIPES = {
    recipe.tag: recipe
    for recipe in (
        _debian(TRIXIE, "trixie"),
        Recipe("python:3.13-slim", "python", TRIXIE, contexts=("host",)),
        _postgres(17, base=TRIXIE, optional=False),
        Recipe("redis:8", "redis", TRIXIE, {"SERVER": "redis"}, target="redis"),
        Recipe("valkey/valkey:8", "redis", TRIXIE, {"SERVER": "valkey"}, target="valkey"),
        Recipe("adobe/s3mock:5.2.0", "s3mock", TRIXIE, contexts=("jar",)),
        Recipe("adminer:5", "adminer", TRIXIE),
        Recipe("axllent/mailpit:v1.30", "mailpit", TRIXIE, contexts=("mail",)),
        _debian("debian:bookworm-slim", "bookworm", optional=True),
        _debian("debian:testing-slim", "testing", optional=True),
        _postgres(15, base="debian:bookworm-slim", optional=True),
        _postgres(18, base="debian:testing-slim", optional=True),
    )
}
