"""What a client may change in the mailbox: read, tagged, deleted."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from .catcher import Catcher
from .mails import simple

Ids = dict[str, str]


@pytest.fixture
def ids(catcher: Catcher) -> Ids:
    """Three mails by their subjects."""
    return {subject: catcher.send(simple(subject)) for subject in ("A", "B", "C")}


def put(catcher: Catcher, path: str, body: Any) -> httpx.Response:
    return catcher.http.put(f"/api/v1/{path}", content=json.dumps(body))


def ok(answer: httpx.Response) -> bool:
    kind = answer.headers["Content-Type"]
    return (answer.status_code, answer.text, kind) == (200, "ok", "text/plain")


def read(catcher: Catcher) -> str:
    return "".join(sorted(mail["Subject"] for mail in catcher.listed() if mail["Read"]))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"IDs": ["A", "nope"], "Read": True}, "AB"),
        ({"IDs": ["B"], "Read": False}, ""),
        ({"IDs": ["B"]}, ""),
        ({"Read": True}, "ABC"),
        ({"IDs": [], "Read": True}, "ABC"),
        ({}, ""),
        (None, ""),
        ({"Search": "subject:c", "Read": True}, "BC"),
        ({"Search": "nothing", "Read": True}, "B"),
        ({"read": True, "ids": ["C"]}, "BC"),
    ],
)
def test_read_and_unread(catcher: Catcher, ids: Ids, body: dict[str, Any] | None, expected: str) -> None:
    catcher.get(f"/api/v1/message/{ids['B']}")
    for name in ("IDs", "ids"):
        if body and name in body:
            body = {**body, name: [ids.get(one, one) for one in body[name]]}
    assert ok(put(catcher, "messages", body))
    assert read(catcher) == expected
    assert catcher.json("/api/v1/messages")["unread"] == 3 - len(expected)


@pytest.mark.parametrize("path", ["messages", "tags"])
@pytest.mark.parametrize("body", ["", "x", "[]", "{", '{"IDs": "x"}', '{"IDs": [1]}'])
def test_what_is_no_request_is_refused_and_changes_nothing(catcher: Catcher, ids: Ids, path: str, body: str) -> None:
    answer = catcher.http.put(f"/api/v1/{path}", content=body)
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "text/plain")
    assert read(catcher) == ""


def test_ids_and_a_search_at_once_are_refused(catcher: Catcher, ids: Ids) -> None:
    answer = put(catcher, "messages", {"IDs": [ids["A"]], "Search": "B", "Read": True})
    assert (answer.status_code, answer.text) == (400, "You may specify either IDs or a search query, not both")


@pytest.mark.parametrize("path", ["/api/v1/message/{}", "/view/{}.txt"])
def test_who_looks_at_a_mail_reads_it(catcher: Catcher, ids: Ids, path: str) -> None:
    catcher.get(path.format(ids["A"]))
    assert read(catcher) == "A"


@pytest.mark.parametrize("path", ["/api/v1/message/{}/raw", "/api/v1/message/{}/headers", "/view/{}"])
def test_who_looks_at_the_source_does_not(catcher: Catcher, ids: Ids, path: str) -> None:
    catcher.get(path.format(ids["A"]))
    assert read(catcher) == ""


def tags(catcher: Catcher) -> dict[str, list[str]]:
    return {mail["Subject"]: mail["Tags"] for mail in catcher.listed()}


def test_tags_come_from_a_header_and_from_addresses(catcher: Catcher) -> None:
    catcher.send(
        simple("T", "X-Tags: zeta, Alpha!beta,  alpha  beta , ", "To: a+one+two@home.test"), "a+one+two@home.test"
    )
    assert tags(catcher) == {"T": ["Alpha beta", "one", "two", "zeta"]}
    assert catcher.json("/api/v1/tags") == ["Alpha beta", "one", "two", "zeta"]


def test_tags_are_set_and_those_that_nobody_has_are_gone(catcher: Catcher, ids: Ids) -> None:
    assert ok(put(catcher, "tags", {"IDs": [ids["A"], ids["B"]], "Tags": ["Shared", "x!y", "SHARED", " "]}))
    assert tags(catcher) == {"A": ["Shared", "x y"], "B": ["Shared", "x y"], "C": []}
    assert ok(put(catcher, "tags", {"IDs": [ids["A"]], "Tags": ["shared"]}))
    assert tags(catcher)["A"] == ["Shared"]
    assert ok(put(catcher, "tags", {"IDs": [ids["B"]], "Tags": []}))
    assert catcher.json("/api/v1/tags") == ["Shared"]
    assert catcher.json("/api/v1/info")["Tags"] == {"Shared": 1}


def test_tags_are_renamed_and_deleted(catcher: Catcher, ids: Ids) -> None:
    put(catcher, "tags", {"IDs": list(ids.values()), "Tags": ["One", "Two"]})
    assert ok(put(catcher, "tags/One", {"Name": "First of all"}))
    assert tags(catcher)["B"] == ["First of all", "Two"]
    assert ok(catcher.http.delete("/api/v1/tags/First%20of%20all"))
    assert tags(catcher)["C"] == ["Two"]


@pytest.mark.parametrize(
    ("tag", "name", "words"),
    [
        ("nope", "New", "tag not found: nope"),
        ("One", "Two", "tag already exists: Two"),
        ("One", "", "invalid tag name: "),
        ("One", "!", "invalid tag name: "),
    ],
)
def test_a_tag_that_can_not_be_renamed(catcher: Catcher, ids: Ids, tag: str, name: str, words: str) -> None:
    put(catcher, "tags", {"IDs": [ids["A"]], "Tags": ["One", "Two"]})
    answer = put(catcher, f"tags/{tag}", {"Name": name})
    assert (answer.status_code, answer.text) == (400, words)
    assert catcher.http.delete("/api/v1/tags/nope").text == "tag not found: nope"


@pytest.mark.parametrize("body", ["", "{}", '{"IDs": []}', "nonsense", '{"IDs": "x"}'])
def test_all_are_deleted(catcher: Catcher, ids: Ids, body: str) -> None:
    assert ok(catcher.http.request("DELETE", "/api/v1/messages", content=body))
    assert catcher.listed() == []
    assert catcher.json("/api/v1/tags") == []


def test_some_are_deleted(catcher: Catcher, ids: Ids) -> None:
    assert ok(catcher.http.request("DELETE", "/api/v1/messages", json={"IDs": ["nope"]}))
    assert ok(catcher.http.request("DELETE", "/api/v1/messages", json={"IDs": [ids["A"], ids["C"]]}))
    assert [mail["Subject"] for mail in catcher.listed()] == ["B"]
    assert catcher.get(f"/api/v1/message/{ids['A']}").status_code == 404


def test_what_a_search_finds_is_deleted(catcher: Catcher, ids: Ids) -> None:
    assert ok(catcher.http.delete("/api/v1/search", params={"query": "subject:nothing"}))
    assert ok(catcher.http.delete("/api/v1/search", params={"query": "-subject:b"}))
    assert [mail["Subject"] for mail in catcher.listed()] == ["B"]
