"""Sign a request with AWS Signature Version 4; must not read a clock or send anything."""

from __future__ import annotations

import hashlib
import hmac

_SIGNED = "host;x-amz-content-sha256;x-amz-date"


def signed_headers(
    *,
    host: str,
    path: str,
    query: str,
    access_key: str,
    secret_key: str,
    region: str,
    when: str,
    method: str = "GET",
    content: bytes = b"",
) -> list[tuple[str, str]]:
    """Return the headers of a signed S3 request of path?query: Host, X-Amz-Content-SHA256, X-Amz-Date, Authorization.

    host: the Host header's value. path and query: already percent-encoded, the query sorted by name and with a "="
    for every name. when: UTC as YYYYMMDDTHHMMSSZ. Source: AWS General Reference, "Create a signed AWS API request";
    for S3 the path is encoded once only (same page, "canonical request").
    """
    digest = hashlib.sha256(content).hexdigest()
    headers = [("Host", host), ("X-Amz-Content-SHA256", digest), ("X-Amz-Date", when)]
    canonical_headers = "".join(f"{name.lower()}:{value}\n" for name, value in headers)
    canonical = "\n".join((method, path, query, canonical_headers, _SIGNED, digest))
    scope_parts = (when[:8], region, "s3", "aws4_request")
    scope = "/".join(scope_parts)
    hashed = hashlib.sha256(_bytes(canonical)).hexdigest()
    to_sign = "\n".join(("AWS4-HMAC-SHA256", when, scope, hashed))
    key = _bytes("AWS4" + secret_key)
    for part in scope_parts:
        key = hmac.digest(key, _bytes(part), "sha256")
    signature = hmac.digest(key, _bytes(to_sign), "sha256").hex()
    credential = f"AWS4-HMAC-SHA256 Credential={access_key}/{scope}"
    return [*headers, ("Authorization", f"{credential}, SignedHeaders={_SIGNED}, Signature={signature}")]


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")
