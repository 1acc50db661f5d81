"""The four servers under process-compose, where one is on the PATH: its own way to start, ask and wait."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

from benchmarks.by_hand import PORTS, initdb, postgres_words, weed_words
from benchmarks.sides import run

ROOT = Path(__file__).parent.parent
PROGRAM = "process-compose"


class ProcessCompose:
    """One project of it, in a folder of its own."""

    def __init__(self, folder: Path, programs: dict[str, str]) -> None:
        self.folder, self.programs = folder, programs

    @property
    def is_here(self) -> bool:
        """Whether there is one to measure."""
        return shutil.which(PROGRAM) is not None

    def up(self) -> None:
        """Start all, and wait until it says that all are ready."""
        self.folder.mkdir(exist_ok=True)
        self.folder.chmod(0o777)
        (self.folder / "s3").mkdir(exist_ok=True)
        (self.folder / "processes.json").write_text(json.dumps({"version": "0.5", "processes": self._processes()}))
        self._run("-f", str(self.folder / "processes.json"), "-t=false", "-D", "--keep-project", "up")
        self._run("project", "is-ready", "--wait")

    def erase(self) -> None:
        """End all, and remove what it left."""
        if self.folder.exists():
            self._run("down")
            shutil.rmtree(self.folder)

    def _run(self, *words: str) -> None:
        env = {**self.programs, "PC_SOCKET_PATH": str(self.folder / "socket"), "PYTHONPATH": str(ROOT)}
        log = str(self.folder / "own.log")
        run([PROGRAM, "-U", "-u", env["PC_SOCKET_PATH"], "-L", log, *words], self.folder, env)

    def _processes(self) -> dict[str, object]:
        bin_folder = Path(self.programs["POSTGRES_BIN"])
        cli = shutil.which("redis-cli") or "valkey-cli"
        pg_ready = f"{bin_folder}/pg_isready -q -h 127.0.0.1 -p {PORTS['postgres']}"
        redis = [self.programs["REDIS"], "--port", str(PORTS["redis"]), "--dir", str(self.folder)]
        where = {"MP_SMTP_BIND_ADDR": f"127.0.0.1:{PORTS['smtp']}", "MP_UI_BIND_ADDR": f"127.0.0.1:{PORTS['http']}"}
        return {
            "initdb": {"command": " && ".join(initdb(self.folder, bin_folder))},
            "postgres": {
                "command": " ".join(postgres_words(self.folder, bin_folder)),
                "depends_on": {"initdb": {"condition": "process_completed_successfully"}},
                "readiness_probe": {"exec": {"command": pg_ready}, "period_seconds": 1},
            },
            "redis": {
                "command": " ".join(redis),
                "readiness_probe": {"exec": {"command": f"{cli} -p {PORTS['redis']} ping"}, "period_seconds": 1},
            },
            "s3": {
                "command": " ".join(weed_words(self.folder, self.programs["WEED"])),
                "environment": ["AWS_ACCESS_KEY_ID=devenv", "AWS_SECRET_ACCESS_KEY=devenv"],
                "readiness_probe": _page(PORTS["s3"], "/healthz"),
            },
            "mail": {
                "command": f"{sys.executable} -m devenv.mail",
                "environment": [f"{name}={value}" for name, value in where.items()],
                "readiness_probe": _page(PORTS["http"], "/readyz"),
            },
        }


def _page(port: int, path: str) -> dict[str, object]:
    return {"http_get": {"host": "127.0.0.1", "port": port, "path": path}, "period_seconds": 1}
