"""The postgres probe: log in as the app does and run SELECT 1; must not speak TLS or read anything of the app's.

Messages, their layout and their order are those of the PostgreSQL manual, chapter "Frontend/Backend Protocol":
sections "Message Flow" and "Message Formats", protocol version 3.0.
"""

from __future__ import annotations

import hashlib
import os

from devenv.probes.connection import BYTE_LIMIT, Connection, Deadline, NotReadyError
from devenv.probes.model import Answer, Probe, settings
from devenv.probes.scram import MECHANISM, Scram

_PROTOCOL_3_0 = 196608
_AUTH_OK, _AUTH_CLEARTEXT, _AUTH_MD5, _AUTH_SASL, _AUTH_SASL_CONTINUE, _AUTH_SASL_FINAL = 0, 3, 5, 10, 11, 12
# Slower than any machine that runs containers: a server that asks for more than fits cannot outlast the deadline.
_ITERATIONS_PER_SECOND = 400_000
_ONE_ROW_OF_1 = b"\x00\x01\x00\x00\x00\x011"


def ask(probe: Probe, host: str, port: int, deadline: Deadline) -> Answer:
    """Ready when the user gets into the database and SELECT 1 answers.

    Params: user; database (default: the user's name); password. The server may ask for SCRAM-SHA-256, MD5, the
    clear password or nothing. An error of the server makes its SQLSTATE the answer's code: "28P01" wrong password,
    "3D000" no such database, "57P03" starting up; "no-password" says that it wants one and the probe has none.
    """
    given = settings(probe, required=("user",), optional=("database", "password"))
    user, password = given["user"], given.get("password", "")
    database = given.get("database", user)
    if "\0" in user + database + password:
        raise ValueError("postgres probe: a param holds a zero byte, which the protocol has no way to send")
    with Connection(host, port, deadline) as connection:
        connection.send(_startup(user, database))
        _log_in(connection, user, password, deadline)
        _read_to_ready(connection)
        connection.send(_message(b"Q", b"SELECT 1\0"))
        if b"D" + _ONE_ROW_OF_1 not in _read_to_ready(connection):
            raise NotReadyError("protocol", "SELECT 1 did not answer 1")
        connection.send(_message(b"X", b""))
    return Answer(True, f"SELECT 1 answered in database {database} as user {user}")


def _log_in(connection: Connection, user: str, password: str, deadline: Deadline) -> None:
    """Answer what the server asks until it lets the user in; raises NotReadyError when it does not."""
    method, data = _request(connection)
    if method == _AUTH_OK:
        return
    if method not in (_AUTH_CLEARTEXT, _AUTH_MD5, _AUTH_SASL):
        raise NotReadyError("protocol", f"the server asks for authentication method {method}, unknown to the probe")
    if not password:
        raise NotReadyError("no-password", "the server asks for a password and the probe has none")
    if method == _AUTH_SASL:
        _prove_by_scram(connection, password, data, deadline)
    else:
        reply = _md5(password, user, data) if method == _AUTH_MD5 else password.encode("utf-8", "replace")
        connection.send(_message(b"p", reply + b"\0"))
    _expect(connection, _AUTH_OK)


def _prove_by_scram(connection: Connection, password: str, mechanisms: bytes, deadline: Deadline) -> None:
    if MECHANISM not in mechanisms.split(b"\0"):
        raise NotReadyError("protocol", "the server does not offer SCRAM-SHA-256")
    scram = Scram(password, os.urandom(18).hex())
    first = scram.first()
    connection.send(_message(b"p", MECHANISM + b"\0" + len(first).to_bytes(4) + first))
    challenge = _expect(connection, _AUTH_SASL_CONTINUE)
    limit = int(deadline.left() * _ITERATIONS_PER_SECOND)
    connection.send(_message(b"p", scram.final(challenge, limit)))
    scram.check(_expect(connection, _AUTH_SASL_FINAL))


def _startup(user: str, database: str) -> bytes:
    pairs = ("user", user, "database", database, "application_name", "devenv probe")
    body = b"".join(word.encode("utf-8", "replace") + b"\0" for word in pairs) + b"\0"
    return (len(body) + 8).to_bytes(4) + _PROTOCOL_3_0.to_bytes(4) + body


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + (len(body) + 4).to_bytes(4) + body


def _next(connection: Connection) -> tuple[bytes, bytes]:
    """Return the kind and body of the next message; raises NotReadyError for an ErrorResponse or another protocol."""
    kind = connection.read_exact(1)
    size = int.from_bytes(connection.read_exact(4))
    if not kind.isalnum() or not 4 <= size <= BYTE_LIMIT:
        raise NotReadyError("protocol", "the answer is not the PostgreSQL protocol")
    body = connection.read_exact(size - 4)
    if kind == b"E":
        raise _error(body)
    return kind, body


def _error(body: bytes) -> NotReadyError:
    # Section "Error and Notice Message Fields": V is the severity untranslated, S the same in the server's language.
    fields = {field[:1]: field[1:].decode("utf-8", "replace") for field in body.split(b"\0") if field}
    severity = fields.get(b"V") or fields.get(b"S") or "ERROR"
    state = fields.get(b"C", "")
    code = state if len(state) == 5 and state.isascii() and state.isalnum() else "protocol"
    return NotReadyError(code, f"{severity}: {fields.get(b'M', 'an error without a text')}")


def _request(connection: Connection) -> tuple[int, bytes]:
    """Return the next authentication request: its method number and its data."""
    kind, body = _next(connection)
    while kind == b"N":
        kind, body = _next(connection)
    if kind != b"R" or len(body) < 4:
        raise NotReadyError("protocol", "the answer is not the PostgreSQL protocol")
    return int.from_bytes(body[:4]), body[4:]


def _expect(connection: Connection, method: int) -> bytes:
    found, data = _request(connection)
    if found != method:
        raise NotReadyError("protocol", f"authentication message {found} came where {method} was due")
    return data


def _read_to_ready(connection: Connection) -> list[bytes]:
    """Return the messages before ReadyForQuery, each as its kind and its body in one."""
    messages: list[bytes] = []
    while True:
        kind, body = _next(connection)
        if kind == b"Z":
            return messages
        messages.append(kind + body)


def _md5(password: str, user: str, salt: bytes) -> bytes:
    # Section "Message Flow", AuthenticationMD5Password: 'md5' || md5(md5(password || username) || salt), in hex.
    inner = hashlib.md5((password + user).encode("utf-8", "replace"), usedforsecurity=False).hexdigest()
    return b"md5" + hashlib.md5(inner.encode() + salt, usedforsecurity=False).hexdigest().encode()
