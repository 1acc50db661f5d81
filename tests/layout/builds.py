"""Real builds of a case: the image's file tree, by a probe that is built beside it and looks into it."""

from __future__ import annotations

import hashlib
import io
import json
import re
import subprocess
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .cases import BASE, Case

TOOLS = Path(__file__).parent / "tools"
_PROBE = f"""
FROM {BASE} AS devenv_probe
RUN --mount=type=bind,from=devenv_target,target=/t,readonly python3 /usr/local/lib/oracle/probe.py /t > /tree.json
FROM scratch
COPY --from=devenv_probe /tree.json /
"""

Entry = tuple[str, int, int, int, str]
"""Kind, mode, user, group, and content: a hash, or a link's target."""


@dataclass(frozen=True)
class Tree:
    """What is in an image, by path; numbers of its users and groups by name."""

    entries: Mapping[str, Entry]
    users: Mapping[str, tuple[int, int]]
    groups: Mapping[str, int]

    def owner(self, text: str) -> tuple[int, int]:
        """The numbers of an owner as a Landing has it."""
        user, _, group = text.partition(":")
        number = int(user) if user.isdecimal() else self.users[user][0]
        if not group:
            return number, self.users[user][1]
        return number, int(group) if group.isdecimal() else self.groups[group]

    def differs(self, other: Tree) -> set[str]:
        """The paths at which two trees aren't the same."""
        paths = self.entries.keys() | other.entries.keys()
        return {path for path in paths if self.entries.get(path) != other.entries.get(path)}


def make_tools() -> None:
    """The base image of the corpus, if it isn't there."""
    state = hashlib.sha256()
    for path in sorted(TOOLS.iterdir()):
        state.update(path.read_bytes() if path.is_file() else b"")
    tag = f"{BASE}:{state.hexdigest()[:12]}"
    if subprocess.run(["docker", "image", "inspect", tag], capture_output=True).returncode:
        subprocess.run(["docker", "build", "--quiet", "--tag", tag, str(TOOLS)], check=True, capture_output=True)
    subprocess.run(["docker", "tag", tag, BASE], check=True, capture_output=True)


def build(case: Case, context: Path) -> Tree | None:
    """The image's tree; None where the build fails."""
    dockerfile = context.parent / f"{context.name}.Dockerfile"
    dockerfile.write_text(_with_probe(case))
    ignore = context / ".dockerignore"
    if ignore.is_file():
        dockerfile.with_name(f"{dockerfile.name}.dockerignore").write_bytes(ignore.read_bytes())
    command = ["docker", "buildx", "build", "--quiet", "--output", "type=tar,dest=-", "--file", str(dockerfile), "."]
    done = subprocess.run(command, cwd=context, capture_output=True, timeout=300)
    if done.returncode:
        return None
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        file = archive.extractfile("tree.json")
        assert file
        found: dict[str, Any] = json.load(file)
    entries = {path: tuple(entry) for path, entry in found["tree"].items()}
    return Tree(entries, {name: tuple(ids) for name, ids in found["users"].items()}, found["groups"])


def _with_probe(case: Case) -> str:
    """The Dockerfile with the target's stage under a known name, and the probe behind it."""
    lines = case.dockerfile.splitlines()
    stages = [number for number, line in enumerate(lines) if re.match(r"FROM\s", line, re.IGNORECASE)]
    chosen = stages[-1]
    for number in stages if case.target else ():
        if lines[number].lower().endswith(f" as {case.target}".lower()):
            chosen = number
    following = next((number for number in stages if number > chosen), len(lines))
    lines.insert(following, f"FROM {_name(lines, chosen)} AS devenv_target")
    return "\n".join(lines) + _PROBE


def _name(lines: list[str], number: int) -> str:
    """A stage's name; one that has none gets one."""
    found = re.search(r"\sAS\s+(\S+)\s*$", lines[number], re.IGNORECASE)
    if not found:
        lines[number] += " AS devenv_last"
    return found[1].lower() if found else "devenv_last"
