"""The smtp probe: greet a mail server; must not log in or send mail."""

from __future__ import annotations

from devenv.probes.connection import Connection, Deadline, NotReadyError
from devenv.probes.model import Answer, Probe, settings

_FAREWELL_SECONDS = 0.05


def ask(probe: Probe, host: str, port: int, deadline: Deadline) -> Answer:
    """Ready when the server greets with 220 and answers EHLO with 250. Takes no params.

    Another reply makes its code, such as "421", the answer's code.
    """
    settings(probe)
    with Connection(host, port, deadline) as connection:
        _expect(connection, "220", "as its greeting")
        connection.send(b"EHLO devenv\r\n")
        _expect(connection, "250", "to EHLO", whole=False)
        _say_goodbye(connection)
    return Answer(True, "SMTP 250 to EHLO", "250")


def _expect(connection: Connection, wanted: str, step: str, *, whole: bool = True) -> None:
    code, text = _reply(connection, enough=None if whole else wanted)
    if code != wanted:
        raise NotReadyError(code, f"SMTP {code} {step}: {text}")


def _reply(connection: Connection, enough: str | None) -> tuple[str, str]:
    # RFC 5321 section 4.2.1: every line but the last of a reply has "-" after the code, and all have the same code.
    # A good reply to EHLO is known by its first line: to wait for the others costs 40 ms where a server sends them one
    # by one and its kernel holds them back until ours acknowledges (Nagle's algorithm; Mailpit behind a port proxy).
    first = b""
    while True:
        line = connection.read_until(b"\n").rstrip(b"\r\n")
        code, mark = line[:3], line[3:4]
        if len(code) != 3 or not code.isdigit() or mark not in (b"", b" ", b"-") or (first and code != first):
            raise NotReadyError("protocol", "the answer is not SMTP")
        first = code
        if mark != b"-" or code.decode("ascii") == enough:
            return code.decode("ascii"), line[4:].decode("utf-8", "replace")


def _say_goodbye(connection: Connection) -> None:
    # RFC 5321 section 4.1.1.10 wants the client to wait for the reply to QUIT; the answer is already known, so
    # a server that is slow to say goodbye changes nothing and is not waited for long.
    try:
        connection.send(b"QUIT\r\n")
        connection.drain(_FAREWELL_SECONDS)
    except NotReadyError:
        return
