"""A small app for the tests of native apps: a server that says what it is made of and what it was told."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path
from typing import Any

from tests.conftest import write_files

SERVER = """\
import http.server, json, os, sys
from pathlib import Path
BORN = Path("word.txt").read_text().strip()
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        told = {"word": BORN, "argv": sys.argv[1:], "env": dict(os.environ), "folder": os.getcwd(), "pid": os.getpid()}
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(told).encode())
    def log_message(self, *_): pass
print("it begins", flush=True)
http.server.ThreadingHTTPServer((sys.argv[1], int(sys.argv[2])), Page).serve_forever()
"""

DOCKERFILE = """\
FROM python:3.13-slim
WORKDIR /srv/app
ENV COLOUR=green PATH=/opt/venv/bin:$PATH CERTIFICATES=/srv/app/only-in-the-image.pem
RUN mkdir -p /opt/venv/bin && ln -s "$(command -v python3)" /opt/venv/bin/python3
COPY backend/ .
CMD ["/opt/venv/bin/python3", "server.py", "0.0.0.0", "8000"]
"""


def write_app(root: Path, manifest: str) -> Path:
    """A project whose Dockerfile makes its working folder from `backend`."""
    files = {
        "backend/server.py": SERVER,
        "backend/word.txt": "one",
        "Dockerfile": DOCKERFILE,
        ".dockerignore": "*.md\n",
    }
    return write_files(root, {**files, "devenv.toml": manifest, "README.md": "about it"})


def page(url: str) -> dict[str, Any]:
    """What the app tells."""
    with urllib.request.urlopen(url, timeout=5) as answer:
        told: dict[str, Any] = json.load(answer)
    return told
