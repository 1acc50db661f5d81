"""Prepare a password that is not ASCII for SCRAM; must not be imported for one that is (ASCII stays as it is)."""

from __future__ import annotations

import stringprep
import unicodedata

_PROHIBITED = (  # RFC 4013 section 2.3
    stringprep.in_table_c12,
    stringprep.in_table_c21_c22,
    stringprep.in_table_c3,
    stringprep.in_table_c4,
    stringprep.in_table_c5,
    stringprep.in_table_c6,
    stringprep.in_table_c7,
    stringprep.in_table_c8,
    stringprep.in_table_c9,
    stringprep.in_table_a1,  # section 2.5: unassigned code points, which a stored string must not hold
)


def saslprep(password: str) -> str:
    """Return the password after SASLprep (RFC 4013), or as it is where SASLprep does not allow it.

    The fallback is PostgreSQL's rule, server and client alike (pg_saslprep, PostgreSQL manual, "SASL
    Authentication"): a password that cannot be prepared is used raw.
    """
    mapped = "".join(
        " " if stringprep.in_table_c12(char) else char for char in password if not stringprep.in_table_b1(char)
    )
    prepared = unicodedata.normalize("NFKC", mapped)
    if not prepared or any(banned(char) for char in prepared for banned in _PROHIBITED):
        return password
    return prepared if _directions_agree(prepared) else password


def _directions_agree(text: str) -> bool:
    # RFC 3454 section 6: right-to-left text stands at both ends and is not mixed with left-to-right text.
    if not any(stringprep.in_table_d1(char) for char in text):
        return True
    mixed = any(stringprep.in_table_d2(char) for char in text)
    return not mixed and stringprep.in_table_d1(text[0]) and stringprep.in_table_d1(text[-1])
