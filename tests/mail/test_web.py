"""What holds for every address: methods, origins, compression, pages, and that a mail's scripts never run."""

from __future__ import annotations

import re

import pytest

from .catcher import Catcher
from .mails import MIXED, PAGE, PLAIN

READABLE = ("/api/v1/messages", "/api/v1/message/latest", "/view/latest", "/livez", "/readyz", "/", "/nope")


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_probes_have_nothing_to_say(catcher: Catcher, path: str) -> None:
    answer = catcher.http.get(path, headers={"Origin": "http://evil.test", "Accept-Encoding": "gzip"})
    assert (answer.status_code, answer.content) == (200, b"")
    assert "Content-Type" not in answer.headers
    assert "Content-Encoding" not in answer.headers


@pytest.mark.parametrize(
    ("method", "path", "status", "allowed"),
    [
        ("POST", "/api/v1/messages", 405, "DELETE, GET, HEAD, OPTIONS, PUT"),
        ("DELETE", "/api/v1/info", 405, "GET, HEAD, OPTIONS"),
        ("GET", "/api/v1/send", 404, None),
        ("PUT", "/api/v1/send", 405, "GET, HEAD, OPTIONS, POST"),
        ("PATCH", "/livez", 405, "GET, HEAD"),
        ("POST", "/", 405, "GET, HEAD"),
        ("DELETE", "/nope", 405, "GET, HEAD"),
        ("OPTIONS", "/api/v1/messages", 200, None),
        ("OPTIONS", "/api/v1/nope", 200, None),
        ("OPTIONS", "/livez", 405, "GET, HEAD"),
        ("GET", "/nope", 404, None),
        ("GET", "/api/v1/nope", 404, None),
        ("GET", "/api/v1/messages/", 404, None),
        ("GET", "/api/v1/chaos", 400, None),
    ],
)
def test_methods(catcher: Catcher, method: str, path: str, status: int, allowed: str | None) -> None:
    answer = catcher.http.request(method, path)
    assert (answer.status_code, answer.headers.get("Allow")) == (status, allowed)


@pytest.mark.parametrize(
    ("path", "place"), [("//api/v1/messages", "/api/v1/messages"), ("/a/../livez", "/livez"), ("/view", "/view/")]
)
def test_an_untidy_address_leads_to_the_tidy_one(catcher: Catcher, path: str, place: str) -> None:
    answer = catcher.http.get(str(catcher.http.base_url).rstrip("/") + path)
    target = answer.headers.get("Location", "") if path != "/a/../livez" else "/livez"  # httpx tidies dots itself
    assert target == place


@pytest.mark.parametrize("path", READABLE)
def test_head_has_the_headers_of_get(catcher: Catcher, path: str) -> None:
    catcher.send(PLAIN)
    got, head = catcher.http.get(path), catcher.http.head(path)
    assert (head.status_code, head.content) == (got.status_code, b"")
    assert head.headers.get("Content-Type") == got.headers.get("Content-Type")


@pytest.mark.parametrize(
    "path", ["/api/v1/messages", "/api/v1/message/latest/raw", "/view/latest.txt", "/api/v1/search"]
)
def test_what_likes_it_is_compressed(catcher: Catcher, path: str) -> None:
    catcher.send(PLAIN)
    answer = catcher.http.get(path, headers={"Accept-Encoding": "gzip, deflate"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.text == catcher.http.get(path).text


def test_another_origin_gets_nothing(catcher: Catcher) -> None:
    made = catcher.send(PAGE)
    for path in ("/api/v1/messages", f"/api/v1/message/{made}/raw", f"/view/{made}.html", "/api/events"):
        for origin in ("http://evil.test", "null", "http://127.0.0.1:1"):
            answer = catcher.http.get(path, headers={"Origin": origin})
            assert (answer.status_code, answer.text) == (403, "Blocked due to CORS violation\n")
            assert "Access-Control-Allow-Origin" not in answer.headers
    assert catcher.http.request("DELETE", "/api/v1/messages", headers={"Origin": "http://evil.test"}).status_code == 403
    assert len(catcher.listed()) == 1


def test_the_own_origin_gets_in(catcher: Catcher) -> None:
    own = str(catcher.http.base_url).rstrip("/")
    answer = catcher.http.options("/api/v1/messages", headers={"Origin": own})
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == own
    assert answer.headers["Access-Control-Allow-Methods"] == "GET, POST, DELETE, PUT, OPTIONS"
    assert answer.headers["Access-Control-Allow-Headers"] == "*"


def test_no_script_of_a_mail_may_run(catcher: Catcher) -> None:
    made = catcher.send(MIXED)
    seen = set()
    for path in (f"/view/{made}.html", f"/view/{made}.html", f"/api/v1/message/{made}/part/3", "/"):
        answer = catcher.get(path)
        (script,) = re.findall(r"script-src ([^;]*);", answer.headers["Content-Security-Policy"])
        assert re.fullmatch(r"'nonce-\w{22}'", script)
        assert "object-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        seen.add(script)
    assert len(seen) == 4


def test_a_mails_page_has_its_pictures(catcher: Catcher) -> None:
    made = catcher.send(MIXED)
    answer = catcher.get(f"/view/{made}.html")
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.text == f'<p>rich <img src="/api/v1/message/{made}/part/1.2"> words</p>'
    assert catcher.get("/view/latest.html").text == answer.text
    text = catcher.get(f"/view/{made}.txt")
    assert (text.headers["Content-Type"], text.text) == ("text/plain; charset=utf-8", "plain words")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/view/nope.html", "Message not found"),
        ("/view/nope.txt", "Message not found"),
        ("/view/latest.html", "This message does not contain a HTML part"),
        ("/view/latest.html?query=none", "Message not found"),
    ],
)
def test_a_view_that_is_not_there(catcher: Catcher, path: str, words: str) -> None:
    catcher.send(PLAIN)
    answer = catcher.http.get(path)
    assert (answer.status_code, answer.text) == (404, words)
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"


def test_the_latest_mails_address(catcher: Catcher) -> None:
    assert catcher.get("/view/latest").headers["Location"] == "/"
    made = catcher.send(PLAIN)
    answer = catcher.get("/view/latest")
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/view/{made}")
    assert catcher.get("/view/latest", query="nothing").headers["Location"] == "/"


@pytest.mark.parametrize("path", ["/", "/search", "/view/any", "/view/"])
def test_the_page(catcher: Catcher, path: str) -> None:
    answer = catcher.get(path)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    nonce = re.findall(r"'nonce-(\w+)'", answer.headers["Content-Security-Policy"])
    assert re.findall(r'<script[^>]* nonce="(\w+)"', answer.text) == nonce
