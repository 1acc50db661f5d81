"""Docker Compose and buildx, by way of python-on-whales: builds, pulls and creates; starts and removes nothing.

Imported only when a container has to be made: the library takes longer to import than a warm start takes.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from python_on_whales import DockerClient
from python_on_whales.exceptions import DockerException

from devenv.artifacts.files import read
from devenv.engines.compose.endpoint import Endpoint
from devenv.errors import BuildError, ConflictError, EngineError, ImageUnavailableError
from devenv.events import LogLine, Phase, Reporter, ServicePhase

_IMAGE_PROBLEMS = (
    (r"toomanyrequests|rate limit", "the registry's rate limit is reached", "log in with `docker login`, or wait"),
    (
        r"unauthorized|authentication required|denied: (?!requested)",
        "the registry asks for a login",
        "log in with `docker login REGISTRY`, and look whether the name is right",
    ),
    (
        r"pull access denied|repository does not exist|requested access to the resource is denied",
        "the image is unknown or private",
        "look whether the name is right; if it is private, log in with `docker login`",
    ),
    (r"manifest unknown|not found", "the registry has no such image or tag", "look whether name and tag are right"),
    (
        r"no such host|dial tcp|i/o timeout|connection refused|network is unreachable|TLS handshake|EOF",
        "the registry can't be reached",
        "look at the network or proxy; with the image present no registry is asked",
    ),
)
_CONFLICT = re.compile(
    r"is already in use by container|No such container|removal of container .* is already in progress"
)


@dataclass(frozen=True)
class Driver:
    """Compose for one project file. `variables` is a dotenv file with the secrets."""

    endpoint: Endpoint
    project: str
    file: Path
    variables: Path
    overlay: Path | None = None  # a second compose file, over the first

    def over(self, overlay: Path) -> Driver:
        """The same with another file over it."""
        return replace(self, overlay=overlay)

    def build(self, service: str, reporter: Reporter, *, cache: bool = True) -> None:
        """Build one service's image. Raises `BuildError` with what the builder printed."""
        stream = self._client().compose.build([service], cache=cache, stream_logs=True)
        lines: list[str] = []
        try:
            for line in _lines(stream):
                lines.append(line)
                reporter.emit(LogLine(service, line))
        except DockerException as error:
            output = tuple(lines[-40:]) or tuple((error.stderr or "").splitlines()[-40:])
            raise BuildError(f"the image of `{service}` does not build", output=output) from error

    def create(self, services: Mapping[str, str], reporter: Reporter) -> None:
        """Make containers of services (with the image of each); running ones whose service changed are replaced.

        Raises `ImageUnavailableError` or `EngineError`.
        """
        lines: list[str] = []
        stream = self._client().compose.up(
            list(services), start=False, no_build=True, dependencies=False, stream_logs=True
        )
        try:
            for line in _lines(stream):
                lines.append(line)
                if match := re.match(r"\s*(\S+) Pulling", line):
                    reporter.emit(ServicePhase(match[1], Phase.PULLING))
        except DockerException as error:
            raise _failure("\n".join(lines) or error.stderr or "", services) from error

    def _client(self) -> DockerClient:
        # Compose prefers the shell's variables to the file's: another project's, loaded there, must not get in.
        for line in (read(self.variables) or "").splitlines():
            os.environ.pop(line.partition("=")[0], None)
        context = self.endpoint.context
        return DockerClient(
            context=context,
            host=None if context else self.endpoint.url,
            compose_files=[self.file, self.overlay] if self.overlay else [self.file],
            compose_project_name=self.project,
            compose_env_files=[self.variables],
        )


def _lines(stream: Iterable[tuple[str, bytes]]) -> Iterator[str]:
    for _, chunk in stream:
        yield from chunk.decode(errors="replace").rstrip("\n").split("\n")


def _failure(output: str, services: Mapping[str, str]) -> EngineError:
    """The error for what Compose printed: about an image where it is, else its own last words."""
    meaningful = [line.strip() for line in output.splitlines() if line.strip()]
    last = next(
        (line for line in reversed(meaningful) if "rror" in line), meaningful[-1] if meaningful else "no output"
    )
    for pattern, meaning, hint in _IMAGE_PROBLEMS:
        if re.search(pattern, last):
            failed = (match[1] for line in meaningful if (match := re.match(r"(\S+) Error ", line)))
            images = [services[name] for name in failed if name in services]
            what = f"the image `{images[0]}`" if images else "an image"
            return ImageUnavailableError(f"{what} is not to be had: {meaning}\n{last}", hint=hint)
    if _CONFLICT.search(last):
        return ConflictError(f"docker compose failed: {last}")
    return EngineError(f"docker compose failed: {last}")
