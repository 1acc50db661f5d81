"""The tcp probe, for services whose protocol devenv does not know; must not be used where another kind fits."""

from __future__ import annotations

from devenv.probes.connection import Connection, Deadline
from devenv.probes.model import Answer, Probe, settings

GRACE_SECONDS = 0.05


def ask(probe: Probe, host: str, port: int, deadline: Deadline) -> Answer:
    """Ready when the connection stays open for GRACE_SECONDS, or sends a byte before that. Takes no params.

    An accepted connection alone says nothing: Docker's port proxy listens as soon as the container exists, accepts,
    and closes again when it cannot connect to the service inside. On a container that is up that refusal takes well
    under a millisecond, so the grace shows it. It is still the weakest probe: it costs the whole grace for a service
    that waits for its client to speak first, and a proxy that needs longer than the grace to give up passes it.
    A timeout shorter than the grace can only end in "timeout" or in a byte from the server.
    """
    settings(probe)
    with Connection(host, port, deadline) as connection:
        connection.stay_open(GRACE_SECONDS)
    return Answer(True, "the connection stays open")
