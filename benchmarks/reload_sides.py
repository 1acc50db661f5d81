"""The two sides of the reload benchmark: one small app, under `devenv watch` and under `docker compose watch`."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.sides import DEVENV

ROOT = Path(__file__).parent.parent

SERVER = """#!/usr/local/bin/python
import hashlib, http.server, os, pathlib, signal, sys
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
def tree(root):
    files = sorted((path.relative_to(root).as_posix(), path) for path in root.rglob("*") if path.is_file())
    whole = b"".join(name.encode() + b"\\0" + path.read_bytes() for name, path in files)
    return hashlib.sha256(whole).hexdigest().encode()
def page(name):
    try:
        return tree(pathlib.Path("/app/src")) if name == "tree" else open(f"/app/{name}", "rb").read()
    except OSError:
        return b""
LOADED = {} if "--reload" in sys.argv else {n: open(f"/app/{n}", "rb").read() for n in ("src/data.txt", "lock.txt")}
class Handler(http.server.BaseHTTPRequestHandler):
    log_message = lambda *_: None
    def do_GET(self):
        name = self.path.lstrip("/")
        body = LOADED.get(name) or page(name)
        self.send_response(200); self.end_headers(); self.wfile.write(body)
http.server.ThreadingHTTPServer(("", 8000), Handler).serve_forever()
"""
"""With `--reload` it reads for each request, as what a reloader comes to; without it once at its start. `/tree` is a
digest of all that it has."""

DOCKERFILE = """FROM python:3.13-slim
WORKDIR /app
COPY lock.txt ./
RUN sha256sum lock.txt > /locked
COPY src/ src/
CMD {command}
"""
MANIFEST = 'name = "reload"\n[app]\nbuild = "."\nports = ["{port}:8000"]\nready = {{ http = "/src/data.txt" }}\n'


def get(port: int, path: str) -> bytes:
    """The body of a page; empty while nobody answers."""
    try:
        with socket.create_connection(("127.0.0.1", port), 2) as connection:
            connection.sendall(f"GET /{path} HTTP/1.0\r\n\r\n".encode())
            data = b""
            while part := connection.recv(65536):
                data += part
    except OSError:
        return b""
    return data.partition(b"\r\n\r\n")[2]


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return int(server.getsockname()[1])


@dataclass
class Side:
    """One folder, its app, and the command that watches it."""

    folder: Path
    port: int
    env: Mapping[str, str]
    start: list[str]
    stop: list[str]
    watch: list[str]
    process: subprocess.Popen[bytes] | None = None

    def run(self, command: list[str]) -> None:
        """Run to the end. Raises where it fails."""
        done = subprocess.run(command, cwd=self.folder, env={**os.environ, **self.env}, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"{' '.join(command)}\n{done.stdout}\n{done.stderr}")

    def begin(self) -> None:
        """Bring it up and watch it."""
        self.run(self.start)
        log = (self.folder.parent / f"{self.folder.name}.log").open("ab")
        self.process = subprocess.Popen(
            self.watch, cwd=self.folder, env={**os.environ, **self.env}, stdout=log, stderr=log, start_new_session=True
        )
        log.close()
        time.sleep(2.5)  # compose watch says nothing that tells when it is at work

    def end(self) -> None:
        """Stop watching; what runs stays."""
        if self.process:
            os.killpg(self.process.pid, signal.SIGINT)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        self.process = None

    def save(self, path: str, text: str, *, rename: bool = False) -> float:
        """Save a file and wait until it is served; gives the seconds."""
        target = self.folder / path
        begin = time.perf_counter()
        if rename:
            temporary = target.with_name(f".{target.name}.tmp")
            temporary.write_text(text)
            temporary.replace(target)
        else:
            target.write_text(text)
        return self.served(path, text, begin)

    def served(self, path: str, text: str, begin: float, limit: float = 60) -> float:
        """Seconds from `begin` until a path is served with this text."""
        return until(lambda: get(self.port, path) == text.encode(), begin, limit)

    @property
    def container(self) -> str:
        """The id of its app's container."""
        found = subprocess.check_output(["docker", "ps", "-q", "--filter", f"publish={self.port}"], text=True).split()
        return found[0]


def until(done: Callable[[], bool], begin: float, limit: float, pause: float = 0.002) -> float:
    """Seconds from `begin` until it is so, asked after each pause. Raises TimeoutError after the limit."""
    while not done():
        if time.perf_counter() - begin > limit:
            raise TimeoutError(f"not within {limit:g} s: a benchmark of a failure measures nothing")
        time.sleep(pause)
    return time.perf_counter() - begin


class Both:
    """Our side and the other, with the same files."""

    def __init__(self, *, restart: bool) -> None:
        self.base = Path(tempfile.gettempdir()) / f"devenv-reload-{secrets.token_hex(4)}"
        self.base.mkdir()
        self.ours = self._ours(restart)
        self.theirs = self._theirs(restart)
        self.sides = (self.ours, self.theirs)

    def begin(self) -> None:
        """Bring both up and watch both."""
        for side in self.sides:
            side.begin()

    def close(self) -> None:
        """Remove everything."""
        for side in self.sides:
            side.end()
            side.run(side.stop)
        subprocess.run(["docker", "image", "rm", "-f", f"{self.base.name.lower()}-app"], capture_output=True)
        shutil.rmtree(self.base)

    def _files(self, name: str, restart: bool) -> Path:
        folder = self.base / name
        (folder / "src").mkdir(parents=True)
        (folder / "src/data.txt").write_text("begin")
        (folder / "lock.txt").write_text("begin")
        (folder / "src/uvicorn").write_text(SERVER)
        (folder / "src/uvicorn").chmod(0o755)
        command = ["src/uvicorn"] if restart else ["src/uvicorn", "--reload"]
        (folder / "Dockerfile").write_text(DOCKERFILE.format(command=json.dumps(command)))
        (folder / ".dockerignore").write_text("node_modules\n.git\n")
        return folder

    def _ours(self, restart: bool) -> Side:
        folder, port = self._files("ours", restart), free_port()
        (folder / "devenv.toml").write_text(MANIFEST.format(port=port))
        env = {"DEVENV_STATE_HOME": str(self.base / "state"), "PYTHONPATH": str(ROOT)}
        up, gone = [*DEVENV, "up", "-d"], [*DEVENV, "destroy", "--yes"]
        return Side(folder, port, env, up, gone, [*DEVENV, "watch"])

    def _theirs(self, restart: bool) -> Side:
        folder, port = self._files("theirs", restart), free_port()
        action = "sync+restart" if restart else "sync"
        rules = [
            {"path": "src", "target": "/app/src", "action": action},
            {"path": "lock.txt", "action": "rebuild"},
        ]
        service = {
            "build": ".",
            "image": f"{self.base.name.lower()}-app",
            "ports": [f"127.0.0.1:{port}:8000"],
            "develop": {"watch": rules},
        }
        file = self.base / "compose.json"
        file.write_text(json.dumps({"services": {"app": service}}))
        compose = ["docker", "compose", "--project-directory", str(folder), "-p", f"reload-{secrets.token_hex(4)}"]
        compose += ["-f", str(file)]
        up, gone = [*compose, "up", "-d", "--build", "--wait"], [*compose, "down", "-v", "-t", "1"]
        return Side(folder, port, {}, up, gone, [*compose, "watch", "--no-up"])
