"""The s3 probe against a server that checks signatures with botocore's signer, and against hand-made answers."""

from __future__ import annotations

import http.server
import re
import threading
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from botocore.auth import S3SigV4Auth  # type: ignore[import-untyped]
from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped]
from botocore.credentials import Credentials  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from devenv.probes import Answer, Probe, attempt
from devenv.probes.http1 import authority, percent_encoded
from devenv.probes.s3_client import UNRESERVED
from devenv.probes.sigv4 import signed_headers

from .conftest import Serve
from .fake_servers import say

ACCESS_KEY, SECRET_KEY, REGION = "someone", "s3cr3t/key+of=theirs", "eu-central-1"
NAMESPACE = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
HEADER = '<?xml version="1.0" encoding="UTF-8"?>\n'


def botocore_signs(url: str, access_key: str, secret_key: str, region: str) -> dict[str, str]:
    request = AWSRequest("GET", url)
    S3SigV4Auth(Credentials(access_key, secret_key), "s3", region).add_auth(request)
    return dict(request.headers.items())


def we_sign(host: str, path: str, query: str, when: str, keys: tuple[str, str], region: str) -> dict[str, str]:
    headers = signed_headers(
        host=host, path=path, query=query, access_key=keys[0], secret_key=keys[1], region=region, when=when
    )
    return dict(headers)


NAMES = st.text(st.characters(codec="utf-8", exclude_characters="/"), min_size=1).filter(lambda name: name.strip("."))
WORDS = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJ0123456789+/=-", min_size=1)


@given(NAMES, st.sampled_from(["", "list-type=2&max-keys=1"]), WORDS, WORDS, WORDS, st.sampled_from([80, 443, 9000]))
def test_our_signature_is_botocores(
    bucket: str, query: str, access_key: str, secret_key: str, region: str, port: int
) -> None:
    host, path = authority("127.0.0.1", port), "/" + percent_encoded(bucket, UNRESERVED)
    theirs = botocore_signs(f"http://{host}{path}?{query}".rstrip("?"), access_key, secret_key, region)
    ours = we_sign(host, path, query, theirs["X-Amz-Date"], (access_key, secret_key), region)
    assert ours["Authorization"] == theirs["Authorization"]
    assert ours["X-Amz-Content-SHA256"] == theirs["X-Amz-Content-SHA256"]


def test_our_signature_is_that_of_the_amazon_manual() -> None:
    # Amazon S3 API reference, "Signature Calculations for the Authorization Header", example "GET Bucket".
    keys = ("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
    host, query = "examplebucket.s3.amazonaws.com", "max-keys=2&prefix=J"
    ours = we_sign(host, "/", query, "20130524T000000Z", keys, "us-east-1")
    signature = "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
    assert ours["Authorization"].endswith(f"Signature={signature}")


@given(st.text(st.characters(codec="utf-8")))
def test_our_encoding_is_that_of_the_standard_library(text: str) -> None:
    assert percent_encoded(text, UNRESERVED) == quote(text, safe="")


class Store(http.server.BaseHTTPRequestHandler):
    """Has the buckets photos and mail.box, and answers only what botocore would have signed the same way."""

    def do_GET(self) -> None:
        if self.signature_is_right():
            self.answer(*self.listing())
        else:
            message = "<Message>The signature &amp; so on</Message>"
            self.answer(403, f"<Error><Code>SignatureDoesNotMatch</Code>{message}</Error>")

    def signature_is_right(self) -> bool:
        url = f"http://{self.headers['Host']}{self.path}"
        request = AWSRequest("GET", url)
        request.context["timestamp"] = self.headers["X-Amz-Date"]
        signer = S3SigV4Auth(Credentials(ACCESS_KEY, SECRET_KEY), "s3", REGION)
        request.headers["X-Amz-Date"] = self.headers["X-Amz-Date"]
        request.headers["X-Amz-Content-SHA256"] = signer.payload(request)
        signature = signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)
        return self.headers["Authorization"].endswith(f"Signature={signature}")

    def listing(self) -> tuple[int, str]:
        if self.path == "/":
            return 200, f"<ListAllMyBucketsResult {NAMESPACE}><Buckets/></ListAllMyBucketsResult>"
        if re.fullmatch(r"/(photos|mail\.box)\?list-type=2&max-keys=1", self.path):
            return 200, f"<ListBucketResult {NAMESPACE}><KeyCount>0</KeyCount></ListBucketResult>"
        return 404, "<Error><Code>NoSuchBucket</Code><Message>The bucket does not exist</Message></Error>"

    def answer(self, status: int, document: str) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write((HEADER + document).encode())

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@pytest.fixture(scope="module")
def store() -> Iterator[int]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Store) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def ask(port: int, bucket: str | None, secret_key: str = SECRET_KEY, region: str = REGION) -> Answer:
    params = {"access_key": ACCESS_KEY, "secret_key": secret_key, "region": region}
    if bucket is not None:
        params["bucket"] = bucket
    return attempt(Probe("s3", 9000, tuple(params.items())), "127.0.0.1", port, timeout=1)


@pytest.mark.parametrize("bucket", ["photos", "mail.box", "photos, mail.box", ",photos,,"])
def test_buckets_that_are_there(store: int, bucket: str) -> None:
    answer = ask(store, bucket)
    assert (answer.ok, answer.code) == (True, "200")
    assert answer.detail.startswith("S3 listed ")


@pytest.mark.parametrize("bucket", [None, "", " , "])
def test_no_bucket_lists_the_buckets(store: int, bucket: str | None) -> None:
    assert ask(store, bucket) == Answer(True, "S3 listed its buckets", "200")


@pytest.mark.parametrize("bucket", ["videos", "videos,photos", "photos,videos"])
def test_each_bucket_must_be_there(store: int, bucket: str) -> None:
    answer = ask(store, bucket)
    assert answer == Answer(False, "HTTP 404 NoSuchBucket for bucket videos: The bucket does not exist", "NoSuchBucket")


@pytest.mark.parametrize("wrong", [{"secret_key": "wr0ng"}, {"region": "us-east-1"}])
def test_a_wrong_signature(store: int, wrong: dict[str, str]) -> None:
    answer = ask(store, "photos", **wrong)
    detail = "HTTP 403 SignatureDoesNotMatch for bucket photos: The signature & so on"
    assert answer == Answer(False, detail, "SignatureDoesNotMatch")


@pytest.mark.parametrize(
    "document",
    [
        b"<ListBucketResult/>",
        b"<ListBucketResult>",
        b"\xef\xbb\xbf<?xml version='1.0'?>\r\n<!-- a > b --> <!-- c -->\n<ListBucketResult xmlns='a'>",
        b"<s3:ListBucketResult\nxmlns:s3='a'/>",
    ],
)
def test_roots_that_are_a_listing(serve: Serve, document: bytes) -> None:
    assert ask(serve(say(b"HTTP/1.1 200 OK\r\n\r\n" + document)), "photos").ok


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"It works!",
        b"<",
        b"<>",
        b"<html><ListBucketResult/></html>",
        b"<ListAllMyBucketsResult/>",
        b"<!-- <ListBucketResult/>",
        b"<?xml <ListBucketResult/>",
        b"<!--><ListBucketResult/>",
        b"<!DOCTYPE a><ListBucketResult/>",
    ],
)
def test_roots_that_are_not(serve: Serve, document: bytes) -> None:
    answer = ask(serve(say(b"HTTP/1.1 200 OK\r\n\r\n" + document)), "photos")
    assert answer == Answer(False, "HTTP 200 for bucket photos, but the body is not an S3 ListBucketResult", "protocol")


@pytest.mark.parametrize(
    ("document", "detail"),
    [
        (b"", "HTTP 503 for bucket photos"),
        (b"<Code>Slow Down</Code>", "HTTP 503 for bucket photos"),
        (b"<Code>Slow", "HTTP 503 for bucket photos"),
        (b"<Message>later</Message>", "HTTP 503 for bucket photos: later"),
    ],
)
def test_an_error_without_a_code(serve: Serve, document: bytes, detail: str) -> None:
    assert ask(serve(say(b"HTTP/1.1 503 No\r\n\r\n" + document)), "photos") == Answer(False, detail, "503")


@pytest.mark.parametrize("status", [b"204 None", b"301 Moved", b"206 Some"])
def test_only_200_is_ready(serve: Serve, status: bytes) -> None:
    assert not ask(serve(say(b"HTTP/1.1 " + status + b"\r\n\r\n<ListBucketResult/>")), "photos").ok
