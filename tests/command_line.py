"""The real command line as a test sees it: words in; exit code, stdout and stderr out. Runs no code in-process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
"""The checkout."""

NOWHERE = "unix:///nonexistent/docker.sock"
"""An engine that never answers: what a test without the marker `engine` gets to see."""

_KEPT = ("PATH", "LANG", "TMPDIR", "SYSTEMROOT", "COVERAGE_PROCESS_START", "DEVENV_TESTBED", "DEVENV_SOAK")
_CERTIFICATES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PIP_CERT", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy")


@dataclass(frozen=True, slots=True)
class Result:
    """What a command left behind."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """The one JSON value on stdout."""
        return json.loads(self.out)


@dataclass(frozen=True)
class Cli:
    """`devenv`, run in `folder` with `env` and nothing else of the machine's environment."""

    folder: Path
    env: Mapping[str, str] = field(repr=False)

    def __call__(
        self,
        *words: str | Path,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        stdin: str = "",
        timeout: float = 120,
    ) -> Result:
        """Run to the end; `env` is added to the isolated environment. stdin is never a terminal."""
        done = subprocess.run(
            self.argv(*words),
            cwd=cwd or self.folder,
            env={**self.env, **(env or {})},
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            timeout=timeout,
        )
        return Result(done.returncode, done.stdout, done.stderr)

    def start(
        self, *words: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None, **options: Any
    ) -> subprocess.Popen[str]:
        """Run in the background, for a test that watches or interrupts it; the test ends it."""
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(
            self.argv(*words),
            cwd=cwd or self.folder,
            env={**self.env, **(env or {})},
            encoding="utf-8",
            **{**pipes, **options},
        )

    @staticmethod
    def argv(*words: str | Path) -> list[str]:
        """The whole command, as a process gets it."""
        return [sys.executable, "-m", "devenv", *(str(word) for word in words)]


def isolated(folder: Path, *, engine: bool) -> dict[str, str]:
    """An environment whose home and state are in `folder`; the machine's engine is only in it with `engine`."""
    home = folder / "home"
    home.mkdir(parents=True, exist_ok=True)
    kept = {name: os.environ[name] for name in (*_KEPT, *_CERTIFICATES, *_PROXIES) if name in os.environ}
    docker = {name: value for name, value in os.environ.items() if name.startswith(("DOCKER_", "BUILDKIT_"))}
    return {
        **kept,
        **(docker if engine else {"DOCKER_HOST": NOWHERE}),
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "XDG_DATA_HOME": str(home / ".local/share"),
        "XDG_STATE_HOME": str(home / ".local/state"),
        "DEVENV_STATE_HOME": str(folder / "state"),
        "DEVENV_ENGINE": "compose",
        "NO_COLOR": "1",
        "COLUMNS": "80",
        "LC_ALL": "C.UTF-8",
        "PYTHONPATH": str(ROOT),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "A. Tester",
        "GIT_AUTHOR_EMAIL": "tester@example.com",
        "GIT_COMMITTER_NAME": "A. Tester",
        "GIT_COMMITTER_EMAIL": "tester@example.com",
    }
