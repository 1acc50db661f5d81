"""Starts containers for the tests of the images and removes every one of them; knows no image."""

from __future__ import annotations

import json
import secrets
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPResponse
from pathlib import Path
from typing import TypeVar

import pytest

T = TypeVar("T")


@dataclass(frozen=True)
class Result:
    """How a program in a container ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Answer:
    """What an HTTP server said."""

    status: int
    text: str
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Docker:
    """The docker client in the environment that reaches the engine."""

    env: Mapping[str, str] = field(repr=False)

    def __call__(self, *words: str) -> Result:
        done = subprocess.run(["docker", *words], env=self.env, capture_output=True, timeout=120, check=False)
        return Result(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))

    def must(self, *words: str) -> str:
        result = self(*words)
        assert result.code == 0, f"docker {' '.join(words)}: {result.err or result.out}"
        return result.out.strip()

    def has(self, image: str) -> bool:
        return self("image", "inspect", image).code == 0

    @contextmanager
    def container(
        self,
        image: str,
        *command: str,
        options: Sequence[str] = (),
        files: Mapping[str, Path] | None = None,
        started: bool = True,
    ) -> Iterator[Container]:
        """A container with a name of its own, gone with its volumes when the block ends."""
        name = f"testbed-{secrets.token_hex(5)}"
        made = Container(self, self.must("create", "--name", name, "-P", *options, image, *command))
        try:
            for target, source in (files or {}).items():
                self.must("cp", str(source), f"{made.id}:{target}")
            if started:
                self.must("start", made.id)
            yield made
        finally:
            self("rm", "--force", "--volumes", made.id)


@dataclass(frozen=True)
class Container:
    """One container, by its id."""

    docker: Docker
    id: str

    def run(self, *command: str, env: Mapping[str, str] | None = None) -> Result:
        options = [word for name, value in (env or {}).items() for word in ("-e", f"{name}={value}")]
        return self.docker("exec", *options, self.id, *command)

    def logs(self) -> str:
        result = self.docker("logs", self.id)
        return result.out + result.err

    def start(self) -> None:
        self.docker.must("start", self.id)

    def stop(self) -> int:
        """Ask it to stop and return its exit code."""
        self.docker.must("stop", "--time", "30", self.id)
        return self.exit_code()

    def exit_code(self, seconds: float = 30) -> int:
        """Wait until it has ended by itself."""
        wait_for(lambda: self.state("Status") == "exited", seconds)
        return int(self.state("ExitCode"))

    def state(self, name: str) -> str:
        return self.docker.must("inspect", "--format", f"{{{{.State.{name}}}}}", self.id)

    def address(self) -> str:
        networks = json.loads(self.docker.must("inspect", "--format", "{{json .NetworkSettings.Networks}}", self.id))
        return str(next(iter(networks.values()))["IPAddress"])

    def port(self, inside: int) -> int:
        """Where a port of the container is published on this machine."""
        return int(self.docker.must("port", self.id, f"{inside}/tcp").splitlines()[0].rpartition(":")[2])

    def http(
        self, port: int, path: str, method: str = "GET", *, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        connection = HTTPConnection("127.0.0.1", self.port(port), timeout=10)
        try:
            connection.request(method, path, body=body, headers=dict(headers or {}))
            response: HTTPResponse = connection.getresponse()
            return Answer(response.status, response.read().decode(), dict(response.getheaders()))
        finally:
            connection.close()

    def http_answers(self, port: int, path: str, seconds: float = 60) -> Answer:
        """The first 200 from this path."""

        def ask() -> Answer | None:
            try:
                answer = self.http(port, path)
            except (OSError, HTTPException):
                return None
            return answer if answer.status == 200 else None

        return wait_for(ask, seconds)


def need(docker: Docker, image: str) -> str:
    """Skip the test where the image is missing."""
    if not docker.has(image):
        pytest.skip(f"{image} is not here: `python3 -m tests.testbed images {image}` brings it")
    return image


def wait_for(ask: Callable[[], T | None], seconds: float = 30) -> T:
    """Ask until the answer counts as true."""
    end = time.monotonic() + seconds
    while True:
        answer = ask()
        if answer:
            return answer
        assert time.monotonic() < end, f"not within {seconds:g} s"
        time.sleep(0.1)
