"""Gets packages of other Debian releases without touching the system's apt sources or libraries."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .shell import TestBedError, answers, run, say

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


@dataclass(frozen=True)
class Mirror:
    """The addresses that this machine's own apt uses; none is written down in this project."""

    main: str
    security: str | None

    def sources(self, release: str, *, signed_by: Path | None = None) -> list[str]:
        """The apt source lines for a release, with its security updates where the machine knows such a mirror."""
        option = f"[signed-by={signed_by}] " if signed_by else ""
        lines = [f"deb {option}{self.main} {release} main"]
        if self.security and release not in ("testing", "unstable"):
            lines.append(f"deb {option}{self.security} {release}-security main")
        return lines


def known_mirror() -> Mirror | None:
    """Read the mirror off apt's present state; None when its lists are empty or it has no Debian source."""
    listing = run(["apt-get", "indextargets", "--format", "$(REPO_URI)|$(ORIGIN)|$(LABEL)", "Created-By: Packages"])
    found: dict[str, str] = {}
    for line in listing.splitlines():
        address, origin, label = line.split("|")
        if origin == "Debian":
            found.setdefault(label, address)
    if "Debian" not in found:
        return None
    return Mirror(found["Debian"], found.get("Debian-Security"))


def find_mirror() -> Mirror:
    """The machine's Debian mirror, after one `apt-get update` if apt has not yet looked."""
    mirror = known_mirror()
    if mirror is None:
        say("apt has no package lists yet: apt-get update")
        run(["apt-get", "update", "-qq"], timeout=300)
        mirror = known_mirror()
    if mirror is None:
        raise TestBedError("this machine's apt has no Debian source to derive a mirror from")
    return mirror


def require_root_on_debian() -> None:
    """Refuse early, with what to do instead."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise TestBedError(
            "no Docker engine with Compose 2.40.3 or newer answers, and only root on Debian can set one up here:\n"
            "start an engine yourself (DOCKER_HOST or `docker context use` points at it) and try again"
        )


def install(packages: Sequence[str], commands: Sequence[str]) -> None:
    """Install packages of the machine's own release, unless the commands that they bring are all there."""
    if all(shutil.which(command) for command in commands):
        return
    say(f"apt-get install {' '.join(packages)}")
    order = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    if answers(order, env=env, timeout=300):
        return
    run(["apt-get", "update", "-qq"], timeout=300)
    run(order, env=env, timeout=300)


def private_apt(folder: Path, mirror: Mirror, release: str) -> list[str]:
    """Options that point apt at sources, lists and a cache of our own; only the dpkg status stays the system's."""
    for part in ("lists/partial", "cache/archives/partial"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    sources = folder / "sources.list"
    sources.write_text("\n".join(mirror.sources(release, signed_by=KEYRING if KEYRING.exists() else None)) + "\n")
    settings = {
        "Dir::Etc::sourcelist": str(sources),
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::State::lists": str(folder / "lists"),
        "Dir::Cache": str(folder / "cache"),
        "Acquire::Languages": "none",
        "Acquire::Check-Valid-Until": "false",
        "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled": "false",
        "APT::Sandbox::User": "root",
        "APT::Update::Post-Invoke-Success": "",
    }
    return [item for name, value in settings.items() for item in ("-o", f"{name}={value}")]


def unpack_from(release: str, packages: Sequence[str], *, apt: Path, downloads: Path, target: Path) -> None:
    """Download packages of another release and unpack them below `target`, installing nothing."""
    mirror = find_mirror()
    options = private_apt(apt, mirror, release)
    say(f"looking up {', '.join(packages)} in Debian {release}")
    run(["apt-get", *options, "update", "-qq"], timeout=300)
    shutil.rmtree(downloads, ignore_errors=True)
    downloads.mkdir(parents=True)
    run(["apt-get", *options, "download", "-qq", *packages], cwd=downloads, timeout=600)
    partial = target.with_name(f"{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    for package in sorted(downloads.glob("*.deb")):
        say(f"unpacking {package.name}")
        run(["dpkg", "-x", str(package), str(partial)])
    shutil.rmtree(target, ignore_errors=True)
    partial.rename(target)
    shutil.rmtree(downloads)
