"""Mails that tests send."""

from __future__ import annotations

import base64

PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)

PLAIN = """\
From: App Mailer <app@shop.test>
To: Ann Other <ann@home.test>
Subject: Welcome
Date: Mon, 02 Nov 2026 10:11:12 +0100
Message-ID: <welcome@shop.test>

Hello Ann,
this is plain.
"""

PAGE = """\
From: app@shop.test
To: ann@home.test
Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=
Content-Type: text/html; charset=utf-8

<html><head><title>No</title><style>p {}</style></head><body>
<h1>Head</h1><p>Some <b>bold</b> words and <a href="https://shop.test/x">a link</a></p>
<ul><li>one</li><li>two</li></ul><blockquote>quoted</blockquote></body></html>
"""

MIXED = f"""\
From: app@shop.test
To: ann@home.test, "Other, Bob" <bob@home.test>
Cc: =?utf-8?b?SsO8cmdlbg==?= <jo@home.test>
Reply-To: help@shop.test
Subject: Invoice
Message-ID: <invoice@shop.test>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=outer

--outer
Content-Type: multipart/related; boundary=inner

--inner
Content-Type: multipart/alternative; boundary=texts

--texts
Content-Type: text/plain

plain words
--texts
Content-Type: text/html

<p>rich <img src="cid:logo"> words</p>
--texts--
--inner
Content-Type: image/png; name=logo.png
Content-Disposition: inline; filename=logo.png
Content-ID: <logo>
Content-Transfer-Encoding: base64

{base64.b64encode(PICTURE).decode()}
--inner--
--outer
Content-Type: application/pdf
Content-Disposition: attachment; filename="the invoice.pdf"
Content-Transfer-Encoding: base64

JVBERi0xLjQ=
--outer
Content-Type: text/csv; name="t.csv"
Content-Disposition: attachment

a,b
--outer--
"""

ODD = """\
From: app@shop.test
To: undisclosed-recipients:;
Subject: odd
List-Unsubscribe: <https://shop.test/u>, <mailto:u@shop.test>
List-Unsubscribe-Post: List-Unsubscribe=One-Click
X-Twice: one
X-Twice: two
x-FOLDED-name: begins
 and goes on
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

caf=E9 =
joined
.dot
"""


def simple(subject: str, *headers: str, body: str = "words", sender: str = "app@shop.test") -> str:
    """A mail of a few lines; the headers come before its subject."""
    own = (
        f"Subject: {subject}",
        f"Message-ID: <{subject.lower()}@shop.test>",
        "Content-Type: text/plain; charset=utf-8",
    )
    return "\n".join([f"From: {sender}", *headers, *own, "", body, ""])
