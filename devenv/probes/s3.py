"""The s3 probe: list buckets, signed; must not create, read or write an object."""

from __future__ import annotations

from devenv.probes.connection import Deadline, NotReadyError
from devenv.probes.http1 import percent_encoded
from devenv.probes.model import Answer, Probe, settings
from devenv.probes.s3_client import UNRESERVED, Account, Service

DEFAULT_REGION = "us-east-1"
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"), ("&amp;", "&"))


def ask(probe: Probe, host: str, port: int, deadline: Deadline) -> Answer:
    """Ready when every bucket answers ListObjectsV2, or ListBuckets answers where no bucket is named.

    Params: access_key, secret_key; bucket (one or several, separated by commas); region (default "us-east-1").
    Requests are path-style, signed with Signature Version 4, and ask for one key. An answer that is not 200 has the
    S3 error code for its code, such as "NoSuchBucket", or the HTTP status when the body names none.
    """
    given = settings(probe, required=("access_key", "secret_key"), optional=("bucket", "region"))
    buckets = [name.strip() for name in given.get("bucket", "").split(",") if name.strip()]
    account = Account(given["access_key"], given["secret_key"], given.get("region", DEFAULT_REGION))
    service = Service(account, host, port, deadline)
    for bucket in buckets:
        status, document = service.ask("GET", "/" + percent_encoded(bucket, UNRESERVED), "list-type=2&max-keys=1")
        _check(status, document, "ListBucketResult", f"bucket {bucket}")
    if not buckets:
        status, document = service.ask("GET", "/")
        _check(status, document, "ListAllMyBucketsResult", "the bucket list")
    return Answer(True, f"S3 listed {', '.join(buckets) or 'its buckets'}", "200")


def _check(status: int, document: bytes, root: str, subject: str) -> None:
    """Raise NotReadyError unless the answer is a 200 whose body is an XML document with this root."""
    if status != 200:
        raise _error(status, document, subject)
    if _root(document) != root.encode():
        raise NotReadyError("protocol", f"HTTP 200 for {subject}, but the body is not an S3 {root}")


def _error(status: int, document: bytes, subject: str) -> NotReadyError:
    # Amazon S3 API reference, "REST error responses": <Error><Code/><Message/>...</Error>.
    code = _element(document, b"Code")
    named = code.isascii() and code.isalnum() and len(code) <= 64
    message = _element(document, b"Message")
    detail = " ".join(part for part in (f"HTTP {status}", code if named else "", f"for {subject}") if part)
    return NotReadyError(code if named else str(status), f"{detail}: {message}" if message else detail)


def _element(document: bytes, name: bytes) -> str:
    _, _, rest = document.partition(b"<%b>" % name)
    raw, end, _ = rest.partition(b"</%b>" % name)
    text = raw.decode("utf-8", "replace") if end else ""
    for entity, char in _ENTITIES:
        text = text.replace(entity, char)
    return text


def _root(document: bytes) -> bytes:
    """Return the local name of the document's root element; nothing when there is none."""
    # By hand: an XML parser costs more to import than the whole probe, and would expand what a server makes up.
    at = 3 if document.startswith(b"\xef\xbb\xbf") else 0
    while True:
        while document[at : at + 1].isspace():
            at += 1
        if document.startswith(b"<?", at):
            end = document.find(b"?>", at + 2)
        elif document.startswith(b"<!--", at):
            end = document.find(b"-->", at + 4)
        else:
            break
        if end < 0:
            return b""
        at = document.index(b">", end) + 1
    if not document.startswith(b"<", at):
        return b""
    tag = document[at + 1 : at + 1 + 256].partition(b">")[0].split()
    return tag[0].rstrip(b"/").rpartition(b":")[2] if tag else b""
