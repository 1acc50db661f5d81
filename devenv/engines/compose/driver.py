"""Docker Compose and buildx: builds (by way of python-on-whales), pulls and creates; starts and removes nothing.

The library is imported only when an image has to be built: that takes longer than a warm start takes.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from devenv.artifacts.files import read
from devenv.engines.compose.driver_command import docker
from devenv.engines.compose.endpoint import Endpoint
from devenv.engines.compose.pulls import Pulls, failure, silent
from devenv.errors import BuildError
from devenv.events import LogLine, Reporter
from devenv.process import told

if TYPE_CHECKING:
    from python_on_whales import DockerClient


def load_builder() -> None:
    """Import what builds, for whoever does so next."""
    import python_on_whales  # noqa: F401


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
        from python_on_whales.exceptions import DockerException

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
        self._forget_shell()
        pulls = Pulls(services, reporter)
        words = ["up", "--no-start", "--no-build", "--no-deps", *services]
        code = told([*self._compose(), *words], pulls.hear, pulls.patience)
        if code is None:
            raise silent(pulls.pending, services, pulls.limit)
        if code:
            raise failure(pulls.lines, services)

    def _compose(self) -> list[str]:
        """The command line up to the verb."""
        files = [word for file in (self.file, self.overlay) if file for word in ("--file", str(file))]
        options = ["--project-name", self.project, "--env-file", str(self.variables), "--progress", "plain"]
        return [*docker(self.endpoint), "compose", *files, *options]

    def _forget_shell(self) -> None:
        """Compose prefers the shell's variables to the file's: another project's, loaded there, must not get in."""
        for line in (read(self.variables) or "").splitlines():
            os.environ.pop(line.partition("=")[0], None)

    def _client(self) -> DockerClient:
        self._forget_shell()
        context = self.endpoint.context
        from python_on_whales import DockerClient

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
