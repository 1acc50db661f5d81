"""The question and the answer of a readiness probe as plain values; must not open sockets or know any protocol."""

from __future__ import annotations

from dataclasses import dataclass

SECRET_PARAMS = frozenset({"password", "secret_key"})
DETAIL_LIMIT = 300
_MASK = "***"


@dataclass(frozen=True, slots=True)
class Probe:
    """What to ask a service; engine-neutral and made of JSON values only.

    kind: the protocol to speak: "http", "tcp", "postgres", "redis", "s3" or "smtp".
    port: the container port the service listens on; the engine maps it to an address.
    params: (name, value) pairs; each kind's module says which names it takes.
    """

    kind: str
    port: int
    params: tuple[tuple[str, str], ...] = ()

    def __repr__(self) -> str:
        """Mask the secret params: a probe may end up in a log or a traceback."""
        shown = tuple((name, _MASK if name in SECRET_PARAMS else value) for name, value in self.params)
        return f"Probe(kind={self.kind!r}, port={self.port!r}, params={shown!r})"


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of one attempt.

    ok: the service answered its own protocol the way the probe asks for.
    detail: one sentence for a human; never a secret, never a control character, at most DETAIL_LIMIT characters.
    code: what a program may decide on. "refused", "timeout", "closed" (the connection ended without the answer),
        "protocol" (bytes that the protocol does not allow), "unresolved" (host name) or an errno name such as
        "EHOSTUNREACH" for every kind; besides these what the server itself said: the HTTP status, the SQLSTATE,
        the first word of a Redis error, the S3 error code, the SMTP reply code. "" when there is nothing to say.
    """

    ok: bool
    detail: str
    code: str = ""


def settings(probe: Probe, *, required: tuple[str, ...] = (), optional: tuple[str, ...] = ()) -> dict[str, str]:
    """Return the probe's params by name.

    Raises ValueError when a required name is missing, or a name is unknown to the kind or given twice.
    """
    found: dict[str, str] = {}
    for name, value in probe.params:
        if name in found:
            raise ValueError(f"{probe.kind} probe: {name!r} is given twice")
        if name not in required and name not in optional:
            raise ValueError(f"{probe.kind} probe: unknown param {name!r}")
        found[name] = value
    for name in required:
        if name not in found:
            raise ValueError(f"{probe.kind} probe: {name!r} is missing")
    return found


def publishable(answer: Answer, probe: Probe) -> Answer:
    """Return the answer with a detail that is safe to print: secrets masked, unprintable characters gone, cut short.

    Servers do repeat what they were sent (Redis quotes the arguments of a command it does not know), so masking is
    done here for every kind. It precedes the cut, which could otherwise leave part of a secret standing.
    """
    detail = _printable(answer.detail)
    secrets = [_printable(value) for name, value in probe.params if name in SECRET_PARAMS and value]
    for secret in sorted(secrets, key=len, reverse=True):
        detail = detail.replace(secret, _MASK)
    if len(detail) > DETAIL_LIMIT:
        detail = detail[: DETAIL_LIMIT - 1] + "…"
    return Answer(answer.ok, detail, answer.code)


def _printable(text: str) -> str:
    # One character for one: a secret in the text stays equal to the secret treated the same way.
    return "".join(char if char.isprintable() else " " for char in text)
