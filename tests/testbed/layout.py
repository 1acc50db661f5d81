"""Says where the test bed keeps its things on this machine; creates and starts nothing."""

from __future__ import annotations

import hashlib
import os
import shlex
from dataclasses import dataclass
from pathlib import Path

#: A unix socket's path is limited to about 107 bytes, and containerd puts its own below the engine's.
LONGEST_RUNTIME_PATH = 60


@dataclass(frozen=True)
class Layout:
    """Every path of one test bed, all below its cache folder but for sockets whose path would be too long."""

    base: Path

    @property
    def apt(self) -> Path:
        return self.base / "apt"

    @property
    def packages(self) -> Path:
        return self.base / "debs"

    @property
    def root(self) -> Path:
        return self.base / "root"

    @property
    def binaries(self) -> tuple[Path, Path]:
        return self.root / "usr/bin", self.root / "usr/sbin"

    @property
    def plugins(self) -> Path:
        return self.root / "usr/libexec/docker/cli-plugins"

    @property
    def client_config(self) -> Path:
        return self.base / "config"

    @property
    def data(self) -> Path:
        return self.base / "data"

    @property
    def host_files(self) -> Path:
        return self.base / "host"

    @property
    def log(self) -> Path:
        return self.base / "dockerd.log"

    @property
    def record(self) -> Path:
        return self.base / "engine.json"

    @property
    def runtime(self) -> Path:
        if len(str(self.base)) <= LONGEST_RUNTIME_PATH:
            return self.base
        return Path("/run") / f"devenv-testbed-{hashlib.sha256(str(self.base).encode()).hexdigest()[:10]}"

    @property
    def socket(self) -> Path:
        return self.runtime / "docker.sock"

    @property
    def exec_root(self) -> Path:
        return self.runtime / "exec"

    @property
    def pidfile(self) -> Path:
        return self.runtime / "dockerd.pid"

    def environment(self) -> dict[str, str]:
        """What a client of this test bed's engine needs."""
        return {"DOCKER_HOST": f"unix://{self.socket}", "DOCKER_CONFIG": str(self.client_config)}

    def client_environment(self) -> dict[str, str]:
        """This process' environment, pointed at this test bed's engine."""
        path = os.pathsep.join([str(self.binaries[0]), os.environ.get("PATH", os.defpath)])
        kept = {name: value for name, value in os.environ.items() if name != "DOCKER_CONTEXT"}
        return {**kept, **self.environment(), "PATH": path}

    def exports(self) -> str:
        """Lines for a POSIX shell's `eval`; evaluating them twice adds nothing to PATH."""
        folder = shlex.quote(str(self.binaries[0]))
        lines = ["unset DOCKER_CONTEXT"]
        lines += [f"export {name}={shlex.quote(value)}" for name, value in self.environment().items()]
        lines.append(f'case ":$PATH:" in *:{folder}:*) ;; *) export PATH={folder}:"$PATH" ;; esac')
        return "\n".join(lines)


def current_layout() -> Layout:
    """The test bed that `$DEVENV_TESTBED` names, or the one in the user's cache."""
    named = os.environ.get("DEVENV_TESTBED")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Layout(Path(named).expanduser().resolve() if named else cache / "devenv-testbed")
