"""The send API: every field of it, and what it refuses."""

from __future__ import annotations

import base64
from email.header import decode_header, make_header
from typing import Any

import pytest

from .catcher import Catcher
from .mails import PICTURE

FROM, TO = {"Name": "App", "Email": "app@shop.test"}, [{"Name": "Ann Other", "Email": "ann@home.test"}]


def encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


def sent(catcher: Catcher, **fields: Any) -> dict[str, Any]:
    """The mail that a request makes."""
    answer = catcher.http.post("/api/v1/send", json={"From": FROM, "To": TO, **fields})
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == {"ID"}
    found: dict[str, Any] = catcher.json(f"/api/v1/message/{answer.json()['ID']}")
    return found


def test_every_field(catcher: Catcher) -> None:
    mail = sent(
        catcher,
        Cc=[{"Email": "cc@home.test"}],
        Bcc=["bcc@home.test"],
        ReplyTo=[{"Name": "Hélp", "Email": "help@shop.test"}],
        Subject="Grüße an alle",
        Text="words\r\n.more",
        HTML='<p>page <img src="cid:logo"></p>',
        Tags=["One", "Two words"],
        Headers={"X-Own": "väl"},
        Attachments=[
            {"Content": f"data:text/plain;base64,{encoded(b'hello')}", "Filename": "hello.txt"},
            {"Content": encoded(PICTURE), "Filename": "logo.png", "ContentID": "logo"},
            {"Content": encoded(b"x"), "Filename": "a.thing", "ContentType": "application/x-thing"},
        ],
    )
    assert mail["From"] == {"Name": "App", "Address": "app@shop.test"}
    assert mail["To"] == [{"Name": "Ann Other", "Address": "ann@home.test"}]
    assert mail["Cc"] == [{"Name": "", "Address": "cc@home.test"}]
    assert mail["Bcc"] == [{"Name": "", "Address": "bcc@home.test"}]
    assert mail["ReplyTo"] == [{"Name": "Hélp", "Address": "help@shop.test"}]
    assert (mail["Subject"], mail["Text"]) == ("Grüße an alle", "words\r\n.more")
    assert mail["HTML"] == '<p>page <img src="cid:logo"></p>'
    assert mail["Tags"] == ["One", "Two words"]
    files = [(part["FileName"], part["ContentType"], part["Size"]) for part in mail["Attachments"]]
    assert files == [("hello.txt", "text/plain", 5), ("a.thing", "application/x-thing", 1)]
    assert [(part["FileName"], part["ContentType"], part["ContentID"]) for part in mail["Inline"]] == [
        ("logo.png", "image/png", "logo"),
    ]
    (own,) = catcher.json("/api/v1/message/latest/headers")["X-Own"]
    assert str(make_header(decode_header(own))) == "väl"


def test_the_least(catcher: Catcher) -> None:
    mail = sent(catcher)
    assert (mail["Subject"], mail["Text"], mail["HTML"], mail["Tags"]) == ("", "", "", [])
    assert mail["MessageID"].endswith("@mailpit")


def test_fields_in_any_case(catcher: Catcher) -> None:
    answer = catcher.http.post("/api/v1/send", json={"from": FROM, "to": TO, "subject": "low", "nobody": "knows"})
    assert answer.status_code == 200
    assert catcher.listed()[0]["Subject"] == "low"


def test_a_page_alone_has_its_words_as_text(catcher: Catcher) -> None:
    assert sent(catcher, HTML="<p>just <b>this</b></p>")["Text"] == "just *this*"


def test_hidden_recipients_only(catcher: Catcher) -> None:
    assert sent(catcher, To=[], Bcc=["bcc@home.test"])["Bcc"] == [{"Name": "", "Address": "bcc@home.test"}]


def test_the_user_is_known(catcher: Catcher) -> None:
    answer = catcher.http.post("/api/v1/send", json={"From": FROM, "To": TO}, auth=("joe", "x"))
    assert answer.status_code == 200
    assert catcher.listed()[0]["Username"] == "joe"


def test_long_text_comes_back_as_it_was(catcher: Catcher) -> None:
    text = "ü" * 3000 + "\r\n" + "y" * 3000
    assert sent(catcher, Text=text)["Text"] == text


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"%PDF-1.7", "application/pdf"),
        (PICTURE, "image/png"),
        (b"GIF89a", "image/gif"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"PK\x03\x04", "application/zip"),
        (b"<html>", "text/html"),
        (b"plain", "text/plain"),
        (b"\x00\x01", "application/octet-stream"),
    ],
)
def test_a_file_without_a_type_gets_one(catcher: Catcher, content: bytes, kind: str) -> None:
    mail = sent(catcher, Attachments=[{"Content": encoded(content), "Filename": "file"}])
    assert [part["ContentType"] for part in mail["Attachments"]] == [kind]


BAD = [{"Email": "bad"}]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"From": {}}, "error building message: from not set"),
        ({"To": []}, "error building message: no recipients (to, cc, bcc) set"),
        ({"To": BAD}, "invalid To address: bad"),
        ({"To": [{"Name": "x"}]}, "invalid To address: "),
        ({"Cc": BAD}, "invalid Cc address: bad"),
        ({"Bcc": ["bad"]}, "invalid Bcc address: bad"),
        ({"ReplyTo": BAD}, "invalid Reply-To address: bad"),
        ({"Headers": {"Subject": "x"}}, 'cannot overwrite header: "Subject"'),
        ({"Headers": {"bcc": "x"}}, 'cannot overwrite header: "bcc"'),
        ({"Tags": ["x"], "Headers": {"X-Tags": "x"}}, 'cannot overwrite header: "X-Tags"'),
        (
            {"Attachments": [{"Content": "!", "Filename": "f"}]},
            'error decoding base64 attachment "f": illegal base64 data at input byte 0',
        ),
    ],
)
def test_what_makes_no_mail_is_refused(catcher: Catcher, fields: dict[str, Any], words: str) -> None:
    answer = catcher.http.post("/api/v1/send", json={"From": FROM, "To": TO, **fields})
    assert (answer.status_code, answer.json()) == (400, {"Error": words})
    assert answer.headers["Content-Type"] == "application/json"
    assert catcher.listed() == []


@pytest.mark.parametrize(
    "body", ["", "x", "[]", "null", '{"From": "x"}', '{"To": "x"}', '{"Text": 5}', '{"Bcc": [{}]}']
)
def test_what_is_no_request_is_refused(catcher: Catcher, body: str) -> None:
    answer = catcher.http.post("/api/v1/send", content=body)
    assert (answer.status_code, list(answer.json())) == (400, ["Error"])
    assert answer.headers["Content-Type"] == "application/json"
