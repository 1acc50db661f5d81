"""The lists and the single mails of the API: what they hold, in what form, and how much of it."""

from __future__ import annotations

import hashlib

import pytest

from .catcher import Catcher
from .mails import MIXED, ODD, PAGE, PICTURE, PLAIN, simple

SUMMARY = {
    *(
        "ID",
        "MessageID",
        "Read",
        "From",
        "To",
        "Cc",
        "Bcc",
        "ReplyTo",
        "Subject",
        "Created",
        "Username",
        "Tags",
        "Size",
    ),
    *("Attachments", "Snippet"),
}
MESSAGE = {
    *(
        "ID",
        "MessageID",
        "From",
        "To",
        "Cc",
        "Bcc",
        "ReplyTo",
        "ReturnPath",
        "Subject",
        "ListUnsubscribe",
        "Date",
        "Tags",
    ),
    *("Username", "Text", "HTML", "Size", "Inline", "Attachments"),
}


def test_an_empty_mailbox(catcher: Catcher) -> None:
    counts = dict.fromkeys(("total", "unread", "count", "messages_count", "messages_unread", "start"), 0)
    assert catcher.json("/api/v1/messages") == {**counts, "tags": [], "messages": []}
    assert catcher.json("/api/v1/search", query="x") == {**counts, "tags": [], "messages": []}
    assert catcher.json("/api/v1/tags") == []


def test_a_list_has_what_a_reader_chooses_by(catcher: Catcher) -> None:
    made = catcher.send(PLAIN)
    (mail,) = catcher.listed()
    assert set(mail) == SUMMARY
    assert mail["ID"] == made
    assert (mail["MessageID"], mail["Read"], mail["Subject"]) == ("welcome@shop.test", False, "Welcome")
    assert mail["From"] == {"Name": "App Mailer", "Address": "app@shop.test"}
    assert mail["To"] == [{"Name": "Ann Other", "Address": "ann@home.test"}]
    assert (mail["Cc"], mail["Bcc"], mail["ReplyTo"]) == (None, None, [])
    assert (mail["Tags"], mail["Username"], mail["Attachments"]) == ([], "", 0)
    assert mail["Snippet"] == "Hello Ann, this is plain."
    assert mail["Size"] == len(catcher.get(f"/api/v1/message/{made}/raw").content)
    assert catcher.json("/api/v1/search", query="welcome")["messages"][0]["ReplyTo"] is None


@pytest.mark.parametrize(
    ("query", "start", "subjects"),
    [
        ({}, 0, ["E", "D", "C", "B", "A"]),
        ({"limit": 2}, 0, ["E", "D"]),
        ({"start": 1, "limit": 2}, 1, ["D", "C"]),
        ({"start": 9}, 9, []),
        ({"start": -1}, 0, ["E", "D", "C", "B", "A"]),
        ({"start": "x", "limit": "x"}, 0, ["E", "D", "C", "B", "A"]),
        ({"limit": -1}, 0, ["E", "D", "C", "B", "A"]),
        ({"limit": "2.5"}, 0, ["E", "D", "C", "B", "A"]),
        ({"before": "2001-01-01"}, 0, []),
        ({"before": "2100-01-01", "limit": 1}, 0, ["E"]),
        ({"before": "nonsense", "limit": 1}, 0, ["E"]),
    ],
)
def test_pages(catcher: Catcher, query: dict[str, str | int], start: int, subjects: list[str]) -> None:
    for subject in "ABCDE":
        catcher.send(simple(subject))
    box = catcher.json("/api/v1/messages", **query)
    assert [mail["Subject"] for mail in box["messages"]] == subjects
    assert (box["start"], box["count"]) == (start, len(subjects))
    assert (box["total"], box["unread"], box["messages_count"], box["messages_unread"]) == (5, 5, 5, 5)


def test_fifty_come_by_default_and_all_without_a_limit(catcher: Catcher) -> None:
    for number in range(52):
        catcher.send(simple(f"n{number}"))
    assert len(catcher.listed()) == 50
    assert len(catcher.listed(limit=0)) == 52
    assert len(catcher.listed(limit=51)) == 51
    assert len(catcher.json("/api/v1/search", query="words")["messages"]) == 50
    assert catcher.json("/api/v1/search", query="words", limit=0)["messages"] == []


def test_a_mail_of_many_parts(catcher: Catcher) -> None:
    made = catcher.send(MIXED, "ann@home.test", "bob@home.test", "jo@home.test", "hidden@home.test")
    mail = catcher.json(f"/api/v1/message/{made}")
    assert set(mail) == MESSAGE
    assert mail["To"][1] == {"Name": "Other, Bob", "Address": "bob@home.test"}
    assert mail["Cc"] == [{"Name": "Jürgen", "Address": "jo@home.test"}]
    assert mail["Bcc"] == [{"Name": "", "Address": "hidden@home.test"}]
    assert mail["ReplyTo"] == [{"Name": "", "Address": "help@shop.test"}]
    assert mail["ReturnPath"] == "app@shop.test"
    assert mail["Text"] == "plain words"
    assert mail["HTML"] == '<p>rich <img src="cid:logo"> words</p>'
    picture, pdf, table = *mail["Inline"], *mail["Attachments"]
    assert picture["PartID"] == "1.2"
    assert (picture["FileName"], picture["ContentType"], picture["ContentID"]) == ("logo.png", "image/png", "logo")
    assert picture["Checksums"] == {
        "MD5": hashlib.md5(PICTURE).hexdigest(),
        "SHA1": hashlib.sha1(PICTURE).hexdigest(),
        "SHA256": hashlib.sha256(PICTURE).hexdigest(),
    }
    assert (pdf["PartID"], pdf["FileName"], pdf["ContentType"], pdf["Size"]) == (
        *("2", "the invoice.pdf", "application/pdf", 8),
    )
    assert (table["PartID"], table["FileName"], table["ContentType"]) == ("3", "t.csv", "text/csv")
    assert catcher.listed()[0]["Attachments"] == 2


def test_parts_come_with_their_type_and_name(catcher: Catcher) -> None:
    made = catcher.send(MIXED)
    picture = catcher.get(f"/api/v1/message/{made}/part/1.2")
    assert picture.content == PICTURE
    assert picture.headers["Content-Type"] == "image/png"
    assert picture.headers["Content-Disposition"] == 'inline; filename="logo.png"'
    pdf = catcher.get("/api/v1/message/latest/part/2")
    assert pdf.text == "%PDF-1.4"
    assert pdf.headers["Content-Disposition"] == 'inline; filename="the%20invoice.pdf"'
    assert catcher.get(f"/api/v1/message/{made}/part/9").status_code == 404


def test_a_mail_that_is_only_a_page_has_a_text_all_the_same(catcher: Catcher) -> None:
    made = catcher.send(PAGE)
    mail = catcher.json(f"/api/v1/message/{made}")
    assert mail["Subject"] == "Grüße"
    lines = ("****", "Head", "****", "", "Some *bold* words and a link ( https://shop.test/x )", "")
    assert mail["Text"].splitlines() == [*lines, "* one", "* two", "", "> ", "> quoted"]
    assert catcher.listed()[0]["Snippet"] == "Head Some bold words and a link one two quoted"


def test_odd_headers(catcher: Catcher) -> None:
    made = catcher.send(ODD)
    mail = catcher.json(f"/api/v1/message/{made}")
    assert mail["To"] == []
    assert mail["Bcc"] == [{"Name": "", "Address": "ann@home.test"}]
    assert mail["Text"] == "café joined\r\n.dot\r\n"
    assert mail["ListUnsubscribe"] == {
        "Header": "<https://shop.test/u>, <mailto:u@shop.test>",
        "Links": ["https://shop.test/u", "mailto:u@shop.test"],
        "Errors": "",
        "HeaderPost": "List-Unsubscribe=One-Click",
    }
    headers = catcher.json(f"/api/v1/message/{made}/headers")
    assert headers["X-Twice"] == ["one", "two"]
    assert headers["X-Folded-Name"] == ["begins and goes on"]
    assert headers["Return-Path"] == ["<app@shop.test>"]
    assert list(headers) == sorted(headers)


def test_what_is_missing_is_made_up(catcher: Catcher) -> None:
    made = catcher.send("Subject: bare\n\nbody\n", sender="")
    mail = catcher.json(f"/api/v1/message/{made}")
    assert mail["From"] == {"Name": "", "Address": ""}
    assert mail["MessageID"].endswith("@mailpit")
    assert mail["ReturnPath"] == ""
    assert mail["Date"] == catcher.listed()[0]["Created"]


def test_the_source_is_what_was_sent_below_the_servers_own_headers(catcher: Catcher) -> None:
    made = catcher.send(PLAIN)
    source = catcher.get(f"/api/v1/message/{made}/raw")
    assert source.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert source.text.endswith(PLAIN.replace("\n", "\r\n"))
    assert source.text.startswith("Return-Path: <app@shop.test>\r\nReceived: from client.test")
    saved = catcher.get(f"/api/v1/message/{made}/raw", dl=1)
    assert saved.headers["Content-Disposition"] == f'attachment; filename="{made}.eml"'


def test_a_date_keeps_its_zone(catcher: Catcher) -> None:
    assert catcher.json(f"/api/v1/message/{catcher.send(PLAIN)}")["Date"] == "2026-11-02T10:11:12+01:00"


@pytest.mark.parametrize("path", ["", "/raw", "/headers", "/part/1"])
def test_no_such_mail(catcher: Catcher, path: str) -> None:
    answer = catcher.get(f"/api/v1/message/nope{path}")
    assert (answer.status_code, answer.text, answer.headers["Content-Type"]) == (
        404,
        "404 page not found",
        "text/plain",
    )
    latest = catcher.get(f"/api/v1/message/latest{path}")
    assert (latest.status_code, latest.text) == (404, "Message not found")
    assert latest.headers["Content-Type"] == "text/plain; charset=utf-8"


def test_latest_may_be_the_latest_that_a_search_finds(catcher: Catcher) -> None:
    old = catcher.send(simple("Old"))
    catcher.send(simple("New"))
    assert catcher.json("/api/v1/message/latest", query="subject:old")["ID"] == old
    assert catcher.json("/api/v1/message/latest")["Subject"] == "New"
    assert catcher.get("/api/v1/message/latest", query="subject:none").status_code == 404


def test_info_counts(catcher: Catcher) -> None:
    before = catcher.json("/api/v1/info")
    catcher.send(simple("One", "X-Tags: a, b"))
    after = catcher.json("/api/v1/info")
    assert set(after) == {
        *("Version", "LatestVersion", "Database", "DatabaseSize", "Messages", "Unread", "Tags", "RuntimeStats"),
    }
    assert (after["Messages"], after["Unread"], after["Tags"]) == (1, 1, {"a": 1, "b": 1})
    accepted = after["RuntimeStats"]["SMTPAccepted"] - before["RuntimeStats"]["SMTPAccepted"]
    assert accepted == 1
    assert set(after["RuntimeStats"]) == {
        *("Uptime", "Memory", "MessagesDeleted", "SMTPAccepted", "SMTPAcceptedSize", "SMTPRejected", "SMTPIgnored"),
    }
    assert set(catcher.json("/api/v1/webui")) == {
        *("Label", "MessageRelay", "SpamAssassin", "ChaosEnabled", "DuplicatesIgnored", "HideDeleteAllButton"),
    }
