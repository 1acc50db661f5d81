"""The search words, one list of what each finds."""

from __future__ import annotations

import pytest

from .catcher import Catcher
from .mails import MIXED, simple

MAILS = (
    (
        simple(
            "Alpha", "To: Ann <ann@home.test>", "Cc: carl@home.test", "X-Tags: News, Big One", body="100% of done_now"
        ),
    ),
    (
        simple("Beta", "To: bob+vip@home.test", "Reply-To: bill@shop.test", sender="Zed <zed@z.test>"),
        "secret@home.test",
    ),
    (simple("Gamma (again)", "To: ann@home.test", body='a "quoted phrase" and ÄÖÜ ' + "long " * 600),),
    (MIXED, "ann@home.test", "bob@home.test", "jo@home.test"),
)
A, B, G, I = "Alpha", "Beta", "Gamma (again)", "Invoice"  # noqa: E741
ALL = [A, B, G, I]


@pytest.fixture(scope="module")
def box(server: Catcher) -> Catcher:
    """Four mails, of which the first has been read."""
    assert server.http.delete("/api/v1/messages").text == "ok"
    ids = [server.send(mail, *to) for mail, *to in MAILS]
    assert server.get(f"/api/v1/message/{ids[0]}").status_code == 200
    return server


@pytest.mark.parametrize(
    ("words", "subjects"),
    [
        ("alpha", [A]),
        ("ALPHA", [A]),
        ("to:ann", [A, G, I]),
        ("To:Ann", [A, G, I]),
        ("-to:ann", [B]),
        ("!to:ann", [B]),
        ("to:secret", []),
        ("bcc:secret", [B]),
        ("secret@home.test", [B]),
        ("from:zed", [B]),
        ('from:"zed@z.test"', [B]),
        ("-from:zed", [A, G, I]),
        ("cc:carl", [A]),
        ("cc:Jürgen", [I]),
        ("-cc:carl", [B, G, I]),
        ("reply-to:bill", [B]),
        ("addressed:bill", [B]),
        ("-addressed:ann@", [B]),
        ("subject:gamma", [G]),
        ('subject:"gamma (a"', [G]),
        ("-subject:gamma", [A, B, I]),
        ("message-id:beta@", [B]),
        ("message-id:<beta@shop.test>", [B]),
        ("is:read", [A]),
        ("is:unread", [B, G, I]),
        ("-is:read", [B, G, I]),
        ("IS:READ", [A]),
        ("is:tagged", [A, B]),
        ("!is:tagged", [G, I]),
        ("has:attachment", [I]),
        ("has:attachments", [I]),
        ("-has:attachment", [A, B, G]),
        ("has:inline", [I]),
        ("-has:inlines", [A, B, G]),
        ("tag:news", [A]),
        ('tag:"big one"', [A]),
        ("tag:new", []),
        ("tag:vip", [B]),
        ("-tag:vip", [A, G, I]),
        ("before:2001-01-01", []),
        ("after:2001-01-01", ALL),
        ("before:2100-01-01", ALL),
        ("after:2100-01-01", []),
        ("-after:2001-01-01", []),
        ("-before:2001-01-01", ALL),
        ("after:2001/02/03", ALL),
        ("after:2001-02-03T04:05:06Z", ALL),
        ("after:nonsense alpha", [A]),
        ("larger:3k", [G]),
        ("larger:3kb", [G]),
        ("smaller:3k", [A, B, I]),
        ("smaller:1m", ALL),
        ("-larger:3k", [A, B, I]),
        ('"quoted phrase"', [G]),
        ("phrase quoted", [G]),
        ('"phrase quoted"', []),
        ('-"quoted phrase"', [A, B, I]),
        ("100%", [A]),
        ("done_now", [A]),
        ("äöü", [G]),
        ("ÄÖÜ", [G]),
        ("invoice.pdf", [I]),
        ("from:app subject:alpha", [A]),
        ("from:app -subject:alpha", [G, I]),
        ("is:unread from:app tag:news", []),
        ("unknown:word", []),
        ("-unknown:word", ALL),
        ("to: alpha", [A]),
        ("rich", [I]),
    ],
)
def test_words_find(box: Catcher, words: str, subjects: list[str]) -> None:
    assert box.found(words) == subjects


def test_a_search_counts_what_it_finds_and_what_of_it_is_unread(box: Catcher) -> None:
    answer = box.json("/api/v1/search", query="to:ann", limit=1, start=1)
    assert (answer["total"], answer["unread"], answer["messages_count"], answer["messages_unread"]) == (4, 3, 3, 2)
    assert (answer["count"], answer["start"], len(answer["messages"])) == (1, 1, 1)
    assert answer["tags"] == ["Big One", "News", "vip"]


@pytest.mark.parametrize("query", ["", "?query=", "?query=%20", "?query=bad%zz"])
def test_a_search_without_words_is_refused(box: Catcher, query: str) -> None:
    for method in ("GET", "DELETE"):
        answer = box.http.request(method, f"/api/v1/search{query}")
        assert (answer.status_code, answer.text) == (400, "Error: no search query")
        assert answer.headers["Content-Type"] == "text/plain"


def test_a_date_is_of_the_zone_that_is_asked_for(box: Catcher) -> None:
    assert box.found("after:2001-01-01", tz="Europe/Berlin") == ALL
    assert box.found("after:2001-01-01", tz="No/Where") == ALL
