"""The Dev Containers' own command line, as a person runs it: installed once into the test bed's folder, never as root.

The client gives the container's user the number of whoever runs it, and leaves root alone. Where root runs the tests,
he lends somebody else his access to files, the engine's socket among them; `id` gives that person a name.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import Cli, Result, isolated
from tests.e2e.engine import inspected
from tests.testbed.layout import current_layout

VERSION = "0.89.0"
SOMEBODY = 54321
"""A number that no user has, of this machine or of an image."""

_ID = f"""#!/bin/sh
[ "$*" = "-u -n" ] && exec echo tester
exec {shutil.which("id")} "$@"
"""


def program() -> Path:
    """The client. Skips the test where there is no npm, or where npm reaches no registry."""
    folder = current_layout().base / f"devcontainers-cli-{VERSION}"
    found = folder / "node_modules" / ".bin" / "devcontainer"
    if not found.exists():
        if shutil.which("npm") is None:
            pytest.skip("there is no npm to install the Dev Containers client with")
        folder.mkdir(parents=True, exist_ok=True)
        words = ["npm", "install", "--prefix", str(folder), "--no-audit", "--no-fund", f"@devcontainers/cli@{VERSION}"]
        done = subprocess.run(words, capture_output=True, encoding="utf-8", timeout=300)
        if done.returncode != 0:
            pytest.skip(f"npm can't install the Dev Containers client: {done.stderr.strip()[-300:]}")
    return found


@dataclass(frozen=True)
class Person(Cli):
    """Somebody with a home of his own who works in `folder`, by devenv and by the client."""

    client: Path
    built: set[str] = field(default_factory=set)  # images of the client's making

    @classmethod
    def at(cls, folder: Path, base: Path) -> Person:
        """Whoever works in a folder, which becomes his; `base` is for his things."""
        env = isolated(base, engine=True)
        tools = base / "bin"
        tools.mkdir()
        (tools / "devenv").write_text(f'#!/bin/sh\nexec {" ".join(Cli.argv())} "$@"\n')
        if os.geteuid() == 0:
            (tools / "id").write_text(_ID)
        for tool in tools.iterdir():
            tool.chmod(0o755)
        (base / "tmp").mkdir()
        person = cls(folder, {**env, "PATH": f"{tools}:{env['PATH']}", "TMPDIR": str(base / "tmp")}, program())
        person.takes(base)
        person.takes(folder)
        return person

    @property
    def number(self) -> int:
        """His number on this machine."""
        return os.geteuid() or SOMEBODY

    def takes(self, folder: Path) -> None:
        """Make a folder his, with all that is in it."""
        if os.geteuid() == 0:
            subprocess.run(["chown", "-R", f"{SOMEBODY}:{SOMEBODY}", str(folder)], check=True)

    def devenv(self, *words: str, timeout: float = 400) -> Result:
        """Run devenv."""
        return self._run(Cli.argv(*words), timeout)

    def devcontainer(self, verb: str, *words: str, config: str = "", timeout: float = 400) -> Result:
        """Run the client on the folder; `config` is an app's name where there are several."""
        chosen = ["--config", str(self.folder / ".devcontainer" / config / "devcontainer.json")] if config else []
        return self._run([str(self.client), verb, "--workspace-folder", str(self.folder), *chosen, *words], timeout)

    def up(self, config: str = "") -> dict[str, Any]:
        """`devcontainer up`, which has to succeed; what it answers."""
        result = self.devcontainer("up", "--no-lockfile", config=config)
        assert result.code == 0, result.out + result.err
        answer: dict[str, Any] = json.loads(result.out.splitlines()[-1])
        assert answer["outcome"] == "success"
        (container,) = inspected("container", answer["containerId"])
        self.built.update({container["Config"]["Image"]} if container["Config"]["Image"].startswith("vsc-") else ())
        return answer

    def inside(self, script: str, config: str = "") -> str:
        """What a shell's script prints in the container; it has to end well."""
        result = self.devcontainer("exec", "sh", "-c", script, config=config)
        assert result.code == 0, result.out + result.err
        return result.out.strip()

    def _run(self, words: list[str], timeout: float) -> Result:
        env: Mapping[str, str] = self.env
        if os.geteuid() == 0:
            lent = ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
            words = ["setpriv", f"--reuid={SOMEBODY}", f"--regid={SOMEBODY}", "--clear-groups", *lent, *words]
        done = subprocess.run(
            words, cwd=self.folder, env=env, stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8",
            timeout=timeout,
        )  # fmt: skip
        return Result(done.returncode, done.stdout, done.stderr)
