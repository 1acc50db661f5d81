"""Two small apps of one image, for tests of reload: one sees changed files by itself, the other has to start anew."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import MakeProject
from tests.e2e.manifests import PYTHON

MANIFEST = """
[apps.web]
build = "."
command = ["src/uvicorn", "--reload"]
ports = [8000]
ready = { http = "/" }

[apps.worker]
build = "."
command = ["python", "-u", "src/worker.py"]
ready = { log = "worker says" }
"""

ONE = MANIFEST.partition("[apps.worker]")[0]

DOCKERFILE = f"""FROM {PYTHON}
WORKDIR /app
COPY lock.txt ./
RUN sha256sum lock.txt > /locked
COPY --chown=1000:1000 src/ /app/src/
"""

SERVER = """#!/usr/local/bin/python
import http.server, os, signal
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
class Handler(http.server.BaseHTTPRequestHandler):
    log_message = lambda *_: None
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(open("/app/src/page", "rb").read())
http.server.ThreadingHTTPServer(("", 8000), Handler).serve_forever()
"""
"""It reads the page for each request: what servers with a reloader come to."""

WORKER = """
import signal, os, time
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
print("worker says 1", flush=True)
while True: time.sleep(1)
"""

FILES = {
    "devenv.toml": MANIFEST,
    "Dockerfile": DOCKERFILE,
    ".dockerignore": "**/*.log\n",
    "lock.txt": "1\n",
    "src/uvicorn": SERVER,
    "src/worker.py": WORKER,
    "src/page": "one",
}


def written(project: MakeProject, manifest: str = MANIFEST) -> Path:
    """A project of these files; nothing of it runs."""
    folder = project({**FILES, "devenv.toml": manifest})
    (folder / "src/uvicorn").chmod(0o755)
    return folder
