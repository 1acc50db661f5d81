"""The two sides of a benchmark: the same services under devenv, and under Compose with a file tuned by hand."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

SHOP = Path(__file__).parent.parent / "examples" / "shop"
DEVENV = [sys.executable, "-m", "devenv"]

MANIFEST = """\
name = "bench"

[app]
build = "."
ports = [8000]
ready = {{ http = "/healthz" }}
needs = [{needs}]
{env}
[sidecars]
{sidecars}
"""

# What an expert writes: a check per service, asked every 100 ms while it starts, and the app after its sidecars.
CHECKS = {
    "postgres": ["CMD", "pg_isready", "-q", "-h", "127.0.0.1", "-U", "bench", "-d", "bench"],
    "redis": ["CMD", "redis-cli", "-e", "-a", "secret", "--no-auth-warning", "ping"],
    "s3mock": ["CMD", "wget", "-q", "--spider", "http://127.0.0.1:9090/favicon.ico"],
    "mailpit": ["CMD", "/mailpit", "readyz"],
    "adminer": ["CMD", "php", "-r", "exit(@fsockopen('127.0.0.1', 8080) ? 0 : 1);"],
    "app": ["CMD", "python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz')"],
}
SERVICES: dict[str, dict[str, object]] = {
    "postgres": {
        "image": "postgres:17",
        "environment": {"POSTGRES_USER": "bench", "POSTGRES_PASSWORD": "secret", "POSTGRES_DB": "bench"},
        "volumes": ["pg:/var/lib/postgresql/data"],
        "ports": ["127.0.0.1:25432:5432"],
    },
    "redis": {
        "image": "redis:8",
        "command": ["redis-server", "--requirepass", "secret"],
        "volumes": ["redis:/data"],
        "ports": ["127.0.0.1:26379:6379"],
    },
    "s3mock": {
        "image": "adobe/s3mock:5.2.0",
        "user": "0:0",
        "environment": {
            "COM_ADOBE_TESTING_S3MOCK_STORE_INITIAL_BUCKETS": "bench-dev",
            "COM_ADOBE_TESTING_S3MOCK_STORE_ROOT": "/s3/store",
            "COM_ADOBE_TESTING_S3MOCK_STORE_RETAIN_FILES_ON_EXIT": "true",
        },
        "volumes": ["s3:/s3"],
        "ports": ["127.0.0.1:29090:9090"],
    },
    "mailpit": {"image": "axllent/mailpit:v1.30", "ports": ["127.0.0.1:28025:8025", "127.0.0.1:21025:1025"]},
    "adminer": {"image": "adminer:5", "ports": ["127.0.0.1:28080:8080"]},
}
APP_ENV = {
    "DATABASE_URL": "postgresql://bench:secret@postgres:5432/bench",
    "REDIS_URL": "redis://:secret@redis:6379/0",
    "AWS_ENDPOINT_URL_S3": "http://s3mock:9090",
    "AWS_ACCESS_KEY_ID": "x",
    "AWS_SECRET_ACCESS_KEY": "x",
    "AWS_REGION": "us-east-1",
    "AWS_REQUEST_CHECKSUM_CALCULATION": "when_required",
    "S3_BUCKET": "bench-dev",
    "SMTP_HOST": "mailpit",
    "SMTP_PORT": "1025",
}
NO_S3 = ("postgres", "redis", "mailpit", "adminer")
ALL = ("postgres", "redis", "s3mock", "mailpit", "adminer")


def run(command: Sequence[str], folder: Path, env: dict[str, str]) -> None:
    """Run to the end. Raises where it fails: a benchmark of a failure measures nothing."""
    done = subprocess.run(list(command), cwd=folder, env={**os.environ, **env}, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))}\n{done.stdout}\n{done.stderr}")


class Pair:
    """One stack on both sides, in a folder of its own."""

    def __init__(self, sidecars: Sequence[str]) -> None:
        self.folder = Path(tempfile.gettempdir()) / f"devenv-bench-{secrets.token_hex(4)}"
        self.folder.mkdir()
        self.env = {"DEVENV_STATE_HOME": str(self.folder / "state"), "PYTHONPATH": str(SHOP.parent.parent)}
        self.sidecars = tuple(sidecars)
        self.app = self.folder / "app"
        shutil.copytree(SHOP, self.app, ignore=shutil.ignore_patterns("devenv.toml", ".devenv", "tests", ".venv"))
        needs = ", ".join(f'"{name}"' for name in sidecars if name != "adminer")
        table = "".join(f"{name} = {{}}\n" for name in sidecars)
        env = ""
        if "s3mock" not in sidecars:  # the app's own /healthz asks for four; without S3 its page is the question
            env = 'env = { AWS_ENDPOINT_URL_S3 = "http://127.0.0.1:1", S3_BUCKET = "x" }\n'
        text = MANIFEST.format(needs=needs, sidecars=table, env=env)
        (self.app / "devenv.toml").write_text(text.replace("/healthz", self.page))
        self.compose = self.folder / "compose.json"
        self.compose.write_text(json.dumps(self._compose(), indent=1))

    @property
    def page(self) -> str:
        """What a ready app answers."""
        return "/healthz" if "s3mock" in self.sidecars else "/openapi.json"

    def devenv(self, *arguments: str) -> None:
        """Run a devenv command on our side."""
        run([*DEVENV, *arguments], self.app, self.env)

    def peer(self, *arguments: str) -> None:
        """Run a docker compose command on the other side."""
        run(
            ["docker", "compose", "-p", f"{self.folder.name}-peer", "-f", str(self.compose), *arguments],
            self.folder,
            {},
        )

    def ours(self) -> list[str]:
        """The ids of our side's containers."""
        found = subprocess.check_output(["docker", "ps", "-aq", "--filter", f"label=devenv.path={self.app.resolve()}"])
        return found.decode().split()

    def stop_ours(self) -> None:
        """Stop our containers from outside, as `docker compose stop` does for the peer's."""
        run(["docker", "stop", *self.ours()], self.folder, {})

    def erase_ours(self) -> None:
        """Remove our containers and volumes, keeping the image."""
        self.devenv("down")
        names = subprocess.check_output(
            ["docker", "volume", "ls", "-q", "--filter", f"label=devenv.path={self.app.resolve()}"], text=True
        ).split()
        if names:
            run(["docker", "volume", "rm", *names], self.folder, {})

    def close(self) -> None:
        """Remove everything of both sides."""
        self.peer("down", "-v")
        self.devenv("destroy", "--yes", "--no-dump")
        shutil.rmtree(self.folder)

    def _compose(self) -> dict[str, object]:
        services = {name: {**SERVICES[name], "healthcheck": self._check(name)} for name in self.sidecars}
        needs = {name: {"condition": "service_healthy"} for name in self.sidecars if name != "adminer"}
        env = dict(APP_ENV)
        if "s3mock" not in self.sidecars:
            env |= {"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1"}
        services["app"] = {
            "image": f"{self.folder.name}-peer-app",
            "build": str(self.app),
            "environment": env,
            "ports": ["127.0.0.1:28000:8000"],
            "depends_on": needs,
            "healthcheck": self._check("app"),
        }
        volumes = {str(mount).split(":")[0]: {} for s in services.values() for mount in s.get("volumes", ())}  # type: ignore[attr-defined]
        return {"services": services, "volumes": volumes}

    def _check(self, name: str) -> dict[str, object]:
        test = [word.replace("/healthz", self.page) for word in CHECKS[name]]
        return {"test": test, "start_interval": "100ms", "start_period": "60s", "interval": "10s", "timeout": "5s"}
