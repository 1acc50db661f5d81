"""The redis probe: log in and PING; must not read or write keys."""

from __future__ import annotations

from devenv.probes.connection import Connection, Deadline, NotReadyError
from devenv.probes.model import Answer, Probe, settings


def ask(probe: Probe, host: str, port: int, deadline: Deadline) -> Answer:
    """Ready when PING answers PONG, after AUTH if a password is given.

    Params: password; username (only with a password; without it AUTH means the user "default"); an empty one counts
    as none. An error of the server makes its first word the answer's code: "LOADING", "NOAUTH", "WRONGPASS", ...
    """
    given = settings(probe, optional=("username", "password"))
    login = [given[name] for name in ("username", "password") if given.get(name)]
    if login and not given.get("password"):
        raise ValueError("redis probe: 'username' needs a 'password'")
    with Connection(host, port, deadline) as connection:
        connection.send((encoded("AUTH", *login) if login else b"") + encoded("PING"))
        if login:
            _expect(connection, "OK")
        _expect(connection, "PONG")
    return Answer(True, "PING answered PONG")


def encoded(*words: str) -> bytes:
    """A command as it is sent: Redis serialization protocol specification, "Sending commands": bulk strings."""
    raw = [word.encode("utf-8", "replace") for word in words]
    return b"*%d\r\n" % len(raw) + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in raw)


def _expect(connection: Connection, wanted: str) -> None:
    line = connection.read_until(b"\r\n")[:-2].decode("utf-8", "replace")
    if line == f"+{wanted}":
        return
    if not line.startswith("-"):
        raise NotReadyError("protocol", "the answer is not the Redis protocol")
    # Same specification, "Simple errors": the first upper-case word is the kind of error, by convention.
    word = line[1:].partition(" ")[0]
    named = word.isascii() and word.isalnum() and word.isupper() and len(word) <= 32
    raise NotReadyError(word if named else "ERR", line[1:] or "an error without a text")
