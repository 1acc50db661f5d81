"""The mail port: what it answers to what is said, in the words that a client may look at."""

from __future__ import annotations

import smtplib

import pytest

from .catcher import RECIPIENT, SENDER, Catcher
from .mails import PLAIN

FROM, TO = f"MAIL FROM:<{SENDER}>", f"RCPT TO:<{RECIPIENT}>"
SENT = "Subject: x\r\n\r\nbody\r\n."
OK, QUEUED = "250 2.1.0 Ok", "250 2.0.0 Ok: queued as "
NO_ADDRESS = "553 5.1.3 The address is not a valid RFC 5321 address"


@pytest.mark.parametrize(
    ("lines", "last"),
    [
        ((FROM,), "503 5.5.1 Bad sequence of commands (HELO/EHLO required before MAIL)"),
        ((TO,), "503 5.5.1 Bad sequence of commands (MAIL required before RCPT)"),
        (("EHLO x", "DATA"), "503 5.5.1 Bad sequence of commands (MAIL & RCPT required before DATA)"),
        (("EHLO x", FROM), OK),
        (("HELO x", FROM), OK),
        (("EHLO", FROM), OK),
        (("EHLO x", "MAIL FROM:<>"), OK),
        (("EHLO x", f"mail from: <{SENDER}> BODY=8BITMIME SMTPUTF8 SIZE=10"), OK),
        (
            ("EHLO x", f"MAIL FROM:{SENDER}"),
            "501 5.5.4 Syntax error in parameters or arguments (invalid FROM parameter)",
        ),
        (("EHLO x", "MAIL FROM:<nobody>"), NO_ADDRESS),
        (("EHLO x", f"{FROM} SIZE=x"), "501 5.5.4 Syntax error in parameters or arguments (invalid SIZE parameter)"),
        (
            ("EHLO x", f"{FROM} SIZE=99999999"),
            "552 5.3.4 Requested mail action aborted: exceeded storage allocation (52428800)",
        ),
        (("EHLO x", FROM, TO), "250 2.1.5 Ok"),
        (("EHLO x", FROM, "RCPT TO:<ü@home.test>"), "250 2.1.5 Ok"),
        (("EHLO x", FROM, "RCPT TO:<nobody>"), NO_ADDRESS),
        (("EHLO x", FROM, "RCPT TO:x"), "501 5.5.4 Syntax error in parameters or arguments (invalid TO parameter)"),
        (("EHLO x", FROM, TO, FROM), "503 5.5.1 Bad sequence of commands (RSET/HELO/EHLO required before MAIL)"),
        (("EHLO x", FROM, TO, "RSET", TO), "503 5.5.1 Bad sequence of commands (MAIL required before RCPT)"),
        (("EHLO x", FROM, TO, "DATA"), "354 Start mail input; end with <CR><LF>.<CR><LF>"),
        (("EHLO x", FROM, TO, "DATA", "no header\r\n."), "451 4.3.5 Unable to process mail"),
        (("EHLO x", FROM, TO, "DATA", SENT, TO), "503 5.5.1 Bad sequence of commands (MAIL required before RCPT)"),
        (("EHLO x", FROM, *[TO] * 101), "452 4.5.3 Too many recipients"),
        (("NOOP",), "250 2.0.0 Ok"),
        (("AUTH PLAIN",), "502 5.5.1 Command not implemented"),
        (("STARTTLS",), "502 5.5.1 Command not implemented"),
        (("VRFY x",), "502 5.5.1 Command not implemented"),
        (("NONSENSE",), "500 5.5.2 Syntax error, command unrecognized"),
        (("x" * 4000,), "500 5.5.2 Line too long"),
    ],
)
def test_answers(catcher: Catcher, lines: tuple[str, ...], last: str) -> None:
    assert catcher.dialogue(*lines)[-1] == last


def test_a_mail_is_queued_under_its_id(catcher: Catcher) -> None:
    answer = catcher.dialogue("EHLO x", FROM, TO, "DATA", SENT)[-1]
    assert answer == QUEUED + catcher.listed()[0]["ID"]


def test_neither_passwords_nor_encryption_are_offered(catcher: Catcher) -> None:
    with smtplib.SMTP("127.0.0.1", catcher.smtp_port) as client:
        client.ehlo("client.test")
        assert set(client.esmtp_features) == {"size", "enhancedstatuscodes", "8bitmime", "smtputf8"}
        assert client.esmtp_features["size"] == "52428800"


def test_doubled_dots_long_lines_and_pipelining(catcher: Catcher) -> None:
    body = ".begins\r\n..\r\n" + "long " * 50_000 + "\r\nends.\r\n"
    catcher.send(f"Subject: dots\n\n{body}")
    assert catcher.json("/api/v1/message/latest")["Text"] == body
    stuffed = "Subject: all at once\r\n\r\n..x\r\n."
    catcher.dialogue("\r\n".join(("EHLO x", FROM, TO, "DATA", stuffed)), *["NOOP"] * 4)
    assert catcher.json("/api/v1/message/latest")["Text"] == ".x\r\n"


def test_several_mails_on_one_connection(catcher: Catcher) -> None:
    with smtplib.SMTP("127.0.0.1", catcher.smtp_port) as client:
        for _ in range(3):
            client.sendmail(SENDER, [RECIPIENT], PLAIN)
    assert len(catcher.listed()) == 3
