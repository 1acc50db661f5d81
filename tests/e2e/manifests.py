"""Small manifests and apps that start fast and stop at once."""

from __future__ import annotations

import json

PYTHON = "python:3.13-slim"

SERVER = """
import http.server, os, signal
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))  # process 1 gets no default for it
os.chdir("/tmp")
open("index.html", "w").write(os.environ.get("GREETING", "hello"))
print("the web server starts", flush=True)
class Handler(http.server.SimpleHTTPRequestHandler):
    log_error = lambda *_: None  # one line a request, as real servers write them
http.server.ThreadingHTTPServer(("", 8000), Handler).serve_forever()
"""

SLEEPER = """
import os, signal
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
print("worker ready", flush=True)
signal.pause()
"""


def string(value: str) -> str:
    """Any string as TOML: JSON's escapes are TOML's, but for two planes of characters and DEL."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")


def strings(values: list[str]) -> str:
    """A list of strings."""
    return f"[{', '.join(string(value) for value in values)}]"


def web(name: str = "web", *, script: str = SERVER, more: str = "") -> str:
    """An app without a Dockerfile that serves a page on port 8000."""
    return (
        f'[apps.{name}]\nimage = "{PYTHON}"\nports = [8000]\nready = {{ http = "/" }}\n'
        f"command = {strings(['python', '-uc', script])}\n{more}\n"
    )


def worker(name: str = "worker", *, script: str = SLEEPER, more: str = "") -> str:
    """An app without a port."""
    return f'[apps.{name}]\nimage = "{PYTHON}"\ncommand = {strings(["python", "-uc", script])}\n{more}\n'


REDIS = "[sidecars]\nredis = {}\n"
POSTGRES = '[sidecars]\npostgres = "17"\n'
BOTH = '[sidecars]\npostgres = "17"\nredis = {}\n'

DOCKERFILE = f"""FROM {PYTHON}
STOPSIGNAL SIGKILL
WORKDIR /app
COPY . .
CMD ["python", "-u", "main.py"]
"""

MAIN = """
import http.server
print("version 1", flush=True)
http.server.ThreadingHTTPServer(("", 8000), http.server.SimpleHTTPRequestHandler).serve_forever()
"""
"""An app's source, for a project that builds an image."""
