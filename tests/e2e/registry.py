"""A registry on 127.0.0.1, which engines take without TLS: serves one image by any name, refuses, or keeps silent.

What it answers is the distribution specification's, as far as a pull goes; its refusals are Docker Hub's own words.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import tarfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.e2e.engine import docker, docker_bytes

DOCKERFILE = """
FROM debian:trixie-slim AS system
RUN mkdir /small && cp --parents -L $(ldd /bin/sleep | grep -o '/[^ ]*') /bin/sleep /small
FROM scratch
COPY --from=system /small /
CMD ["/bin/sleep", "1000"]
"""
_SMALL = "devenv-tests/small:1"

LIMITED = "You have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit"


@dataclass
class Registry:
    """What it has, what it was asked, and what it does before it answers about a name."""

    blobs: dict[str, bytes]
    manifest: bytes
    media_type: str
    before: Callable[[str], None] = lambda name: None
    limited: str = ""  # the message of its refusals; it refuses none where this is empty
    asked: list[str] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)
    address: str = ""

    def pulled(self) -> set[str]:
        """The names whose manifest was asked for."""
        return {match[1] for path in self.asked if (match := re.fullmatch(r"/v2/(.+)/manifests/.+", path))}

    def keep_silent(self, name: str) -> None:
        """To be used as `before`: no answer until the end of the test."""
        self.closing.wait()


@contextlib.contextmanager
def registry() -> Iterator[Registry]:
    """A registry that serves for the length of the block."""
    docker("build", "-q", "-t", _SMALL, "-", stdin=DOCKERFILE)
    made = _from_archive(docker_bytes("save", _SMALL))

    class Handler(_Handler):
        registry = made

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.address = f"127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield made
    finally:
        made.closing.set()
        server.shutdown()
        server.server_close()


def _from_archive(data: bytes) -> Registry:
    """What `docker save` writes is an OCI layout: https://github.com/opencontainers/image-spec, image-layout.md."""
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        files = {member.name: archive.extractfile(member) for member in archive.getmembers() if member.isfile()}
        contents = {name: file.read() for name, file in files.items() if file}
    blobs = {f"sha256:{name.rpartition('/')[2]}": text for name, text in contents.items() if name.startswith("blobs/")}
    entry = json.loads(contents["index.json"])["manifests"][0]
    return Registry(blobs, blobs[entry["digest"]], entry["mediaType"])


class _Handler(BaseHTTPRequestHandler):
    registry: Registry
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        found = re.fullmatch(r"/v2/(.+)/(manifests|blobs)/(.+)", self.path)
        self.registry.asked.append(self.path)
        if not found:
            self._answer(200, b"{}", "application/json")
        elif found[2] == "blobs":
            self._answer(200, self.registry.blobs[found[3]], "application/octet-stream")
        else:
            self._manifest(found[1])

    def do_HEAD(self) -> None:
        self.do_GET()

    def _manifest(self, name: str) -> None:
        self.registry.before(name)
        if self.registry.limited:
            errors = [{"code": "TOOMANYREQUESTS", "message": self.registry.limited}]
            self._answer(429, json.dumps({"errors": errors}).encode(), "application/json")
        else:
            self._answer(200, self.registry.manifest, self.registry.media_type)

    def _answer(self, status: int, body: bytes, media_type: str) -> None:
        with contextlib.suppress(OSError):  # who asked may be gone
            self.send_response(status)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        """Nothing: what was asked is kept."""
