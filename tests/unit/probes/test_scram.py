"""SCRAM-SHA-256 against the RFC's example, and against messages that the RFC does not allow."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devenv.probes.connection import NotReadyError
from devenv.probes.saslprep import saslprep
from devenv.probes.scram import Scram

# RFC 7677 section 3.
NONCE = "rOprNGfwEbeRWgbNEkqO"
CHALLENGE = b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
PROOF = b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
SIGNATURE = b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="


def exchange() -> Scram:
    return Scram("pencil", NONCE, "user")


def test_the_example_of_rfc_7677() -> None:
    scram = exchange()
    assert scram.first() == b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO"
    assert scram.final(CHALLENGE, 4096) == PROOF
    scram.check(SIGNATURE)


def test_extensions_are_passed_over() -> None:
    scram = exchange()
    assert scram.final(CHALLENGE + b",x=later", 4096).startswith(b"c=biws,")
    with pytest.raises(NotReadyError, match="did not prove"):
        scram.check(SIGNATURE)


@pytest.mark.parametrize(
    "challenge",
    [
        b"",
        b"r=,s=,i=",
        CHALLENGE.replace(b"i=4096", b"i=0"),
        CHALLENGE.replace(b"i=4096", b"i=-1"),
        CHALLENGE.replace(b"i=4096", b"i=" + b"9" * 5000),
        CHALLENGE.replace(b"i=4096", b"i=4_096"),
        CHALLENGE.replace(b"r=rOpr", b"r=XOpr"),
        b"r=rOprNGfwEbeRWgbNEkqO,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        CHALLENGE.replace(b"s=W22", b"s=W2-2"),
        b"m=mandatory," + CHALLENGE,
    ],
)
def test_a_malformed_challenge(challenge: bytes) -> None:
    with pytest.raises(NotReadyError) as caught:
        exchange().final(challenge, 10_000)
    assert caught.value.code == "protocol"


def test_a_second_challenge_is_out_of_turn() -> None:
    scram = exchange()
    scram.final(CHALLENGE, 4096)
    with pytest.raises(NotReadyError, match="malformed"):
        scram.final(CHALLENGE, 4096)


def test_too_many_iterations_are_a_timeout() -> None:
    with pytest.raises(NotReadyError, match="4096 SCRAM iterations") as caught:
        exchange().final(CHALLENGE, 4095)
    assert caught.value.code == "timeout"


def test_a_signature_before_the_challenge_is_out_of_turn() -> None:
    with pytest.raises(NotReadyError, match="out of turn"):
        exchange().check(SIGNATURE)


@given(st.binary(max_size=100), st.integers(0, len(CHALLENGE)), st.integers(0, len(CHALLENGE)))
def test_a_garbled_challenge_only_fails(garbage: bytes, start: int, end: int) -> None:
    scram = exchange()
    try:
        scram.final(CHALLENGE[:start] + garbage + CHALLENGE[end:], 5000)
    except NotReadyError:
        return
    scram.check(b"v=" + scram_signature(scram))


def scram_signature(scram: Scram) -> bytes:
    import base64

    return base64.b64encode(scram._server_signature)


@given(st.binary(max_size=100))
def test_a_garbled_signature_only_fails(garbage: bytes) -> None:
    scram = exchange()
    scram.final(CHALLENGE, 4096)
    with pytest.raises(NotReadyError):
        scram.check(garbage)


@pytest.mark.parametrize(
    ("password", "prepared"),
    [  # RFC 4013 section 3, with PostgreSQL's fallback where the RFC says error.
        ("I\u00adX", "IX"),
        ("user", "user"),
        ("USER", "USER"),
        ("\u00aa", "a"),
        ("\u2168", "IX"),
        ("\u0007", "\u0007"),
        ("\u0627\u0031", "\u0627\u0031"),
    ],
)
def test_saslprep_of_the_examples_of_rfc_4013(password: str, prepared: str) -> None:
    assert saslprep(password) == prepared
