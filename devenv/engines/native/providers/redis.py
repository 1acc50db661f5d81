"""Redis or Valkey as a process; the recipe's own configuration file says the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from devenv.engines import Command
from devenv.engines.native.program import Program
from devenv.engines.native.providers.base import Run, Server

_PORT = 6379
_CLIENTS = ("redis-cli", "valkey-cli")


class Redis(Server):
    """See `Server`."""

    row = "redis"

    def prepare(self, run: Run) -> Program:
        """Its configuration file, with this machine's folder and port over it."""
        data = self.place.data("data")
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        here = ["--port", str(self.place.port(_PORT)), "--bind", "127.0.0.1", "--dir", str(data), "--daemonize", "no"]
        return self.place.program(self.found.program, *self.arguments(), *here)

    def command(self, words: Sequence[str]) -> Command:
        """Its client finds the port by arguments only."""
        if words[0] not in _CLIENTS:
            return super().command(words)
        names = (words[0], *(name for name in _CLIENTS if name != words[0]))
        client = next((name for name in names if self.found.beside(name).is_file()), words[0])
        found = super().command([client, "-h", "127.0.0.1", "-p", str(self.place.port(_PORT)), *words[1:]])
        return replace(found, env={**found.env, "REDISCLI_AUTH": self.place.param("password")})
