"""Redis for the probe tests: one server that is ready and one that is loading."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import redis

from .real_servers import free_port, home, need, server, wait_until

PASSWORD = "s3cr3t pass\r\nword"
USER_PASSWORD = "an0ther-s3cr3t"


@dataclass(frozen=True)
class Redis:
    """A running server: the default user has PASSWORD, the ACL user "app" has USER_PASSWORD."""

    port: int


@contextmanager
def running_redis() -> Iterator[Redis]:
    """Run a server with the two users that Redis promises."""
    with home() as folder, _served(folder) as port:
        client = redis.Redis("127.0.0.1", port)
        client.acl_setuser("app", enabled=True, passwords=[f"+{USER_PASSWORD}"], commands=["+ping"])
        client.config_set("requirepass", PASSWORD)
        client.close()
        yield Redis(port)


@contextmanager
def loading_redis() -> Iterator[int]:
    """Run a server that takes minutes to load its data set and answers meanwhile."""
    with home() as folder:
        with _served(folder, "--rdbcompression", "no") as port:
            client = redis.Redis("127.0.0.1", port)
            client.mset({f"key{number}": "x" * 4096 for number in range(2000)})
            client.save()
            client.close()
        # Uncompressed, each key is more bytes than the interval: the server looks at its clients after every key.
        slow = ("--key-load-delay", "100000", "--loading-process-events-interval-bytes", "1024")
        with _served(folder, *slow) as port:
            yield port


@contextmanager
def _served(folder: Path, *options: str) -> Iterator[int]:
    binary = need("redis-server", "redis-server")
    port = free_port()
    command = [binary, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder), *options]
    with server(folder, *command) as process:
        wait_until(lambda: _answers(port), process, folder)
        yield port


def _answers(port: int) -> bool:
    # By hand: the client library would wait for the end of the loading.
    try:
        with socket.create_connection(("127.0.0.1", port), 5) as connection:
            connection.sendall(b"PING\r\n")
            return bool(connection.recv(100))
    except OSError:
        return False
