"""The client's side of one SCRAM-SHA-256 exchange (RFC 5802, RFC 7677); must not read or write a socket."""

from __future__ import annotations

import binascii
import hashlib
import hmac

from devenv.probes.connection import NotReadyError

MECHANISM = b"SCRAM-SHA-256"
_NO_CHANNEL_BINDING = b"n,,"


class Scram:
    """One exchange: first(), then final() with the server's first message, then check() with its last.

    All raise NotReadyError("protocol") for a message that RFC 5802 does not allow.
    """

    __slots__ = ("_first_bare", "_nonce", "_password", "_server_signature")

    def __init__(self, password: str, nonce: str, user: str = "") -> None:
        """nonce: printable ASCII without a comma, never used before.

        user: stays empty for PostgreSQL, which goes by its startup message (manual, "SCRAM-SHA-256 Authentication").
        """
        if not password.isascii():
            from devenv.probes.saslprep import saslprep

            password = saslprep(password)
        self._password = password.encode("utf-8", "replace")
        self._nonce = nonce.encode("ascii")
        self._first_bare = b"n=%b,r=%b" % (user.encode(), self._nonce)
        self._server_signature = b""

    def first(self) -> bytes:
        """Return the client's first message."""
        return _NO_CHANNEL_BINDING + self._first_bare

    def final(self, server_first: bytes, max_iterations: int) -> bytes:
        """Return the client's proof that it knows the password.

        Raises NotReadyError("timeout") when the server asks for more iterations than max_iterations.
        """
        nonce, salt, iterations = self._parsed(server_first)
        if iterations > max_iterations:
            raise NotReadyError(
                "timeout", f"the server asks for {iterations} SCRAM iterations, too many for the time left"
            )
        salted = hashlib.pbkdf2_hmac("sha256", self._password, salt, iterations)
        unproven = b"c=%b,r=%b" % (_base64(_NO_CHANNEL_BINDING), nonce)
        signed = b",".join((self._first_bare, server_first, unproven))
        client_key = hmac.digest(salted, b"Client Key", "sha256")
        signature = hmac.digest(hashlib.sha256(client_key).digest(), signed, "sha256")
        proof = bytes(a ^ b for a, b in zip(client_key, signature, strict=True))
        self._server_signature = hmac.digest(hmac.digest(salted, b"Server Key", "sha256"), signed, "sha256")
        return b"%b,p=%b" % (unproven, _base64(proof))

    def check(self, server_final: bytes) -> None:
        """Check the server's proof that it knows the password too."""
        if not self._server_signature or not server_final.startswith(b"v="):
            raise NotReadyError("protocol", "the server ended the SCRAM exchange out of turn")
        given = _unbase64(server_final[2:].partition(b",")[0])
        if not hmac.compare_digest(given, self._server_signature):
            raise NotReadyError("protocol", "the server did not prove that it knows the password")

    def _parsed(self, server_first: bytes) -> tuple[bytes, bytes, int]:
        # RFC 5802 section 7, server-first-message: r=nonce,s=salt,i=iterations, then maybe extensions.
        fields = server_first.split(b",")
        if self._server_signature or [field[:2] for field in fields[:3]] != [b"r=", b"s=", b"i="]:
            raise NotReadyError("protocol", "the server's SCRAM challenge is malformed")
        nonce, salt, iterations = (field[2:] for field in fields[:3])
        if not nonce.startswith(self._nonce) or len(nonce) == len(self._nonce):
            raise NotReadyError("protocol", "the server's SCRAM challenge does not answer ours")
        if not iterations.isdigit() or len(iterations) > 9 or int(iterations) < 1:
            raise NotReadyError("protocol", "the server's SCRAM challenge is malformed")
        return nonce, _unbase64(salt), int(iterations)


def _base64(data: bytes) -> bytes:
    return binascii.b2a_base64(data, newline=False)


def _unbase64(text: bytes) -> bytes:
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except ValueError:
        raise NotReadyError("protocol", "the server's SCRAM message is not base64") from None
