"""What a server of this machine is called beside the image that was asked for: in words, and only where it differs."""

from __future__ import annotations

from pathlib import Path

import pytest

from devenv.engines.native.find import Found, difference


@pytest.mark.parametrize(
    ("image", "called", "version", "said"),
    [
        ("postgres:17", "PostgreSQL", "17.11", ""),
        ("postgres:17.11-alpine", "PostgreSQL", "17.11", ""),
        ("postgres:17", "PostgreSQL", "18.6", "postgres:17 asked, 18.6 here"),
        ("postgres:1", "PostgreSQL", "18.6", "postgres:1 asked, 18.6 here"),
        ("postgres:17.5", "PostgreSQL", "17.11", "postgres:17.5 asked, 17.11 here"),
        ("postgres", "PostgreSQL", "18.6", ""),
        ("postgres:latest", "PostgreSQL", "18.6", ""),
        ("mirror.example:5000/library/redis:8", "Redis", "7.0.15", "redis:8 asked, 7.0.15 here"),
        ("redis:8", "Valkey", "8.1.8", "redis:8 asked, Valkey 8.1.8 here"),
        ("valkey/valkey:8", "Valkey", "8.1.8", ""),
        ("adobe/s3mock:5.2.0", "SeaweedFS", "4.48", "s3mock:5.2.0 asked, SeaweedFS 4.48 here"),
        ("axllent/mailpit:v1.30", "Mailpit", "1.30.2", ""),
        ("postgis/postgis@sha256:00", "PostgreSQL", "18.6", "postgis asked, PostgreSQL 18.6 here"),
    ],
)
def test_a_difference_is_told(image: str, called: str, version: str, said: str) -> None:
    found = Found(Path("/server"), "on the PATH", version, called)
    assert difference(image, found) == ((said,) if said else ())
