"""Our catcher as a program: settings, what it keeps, how it ends, what it says when it can't begin."""

from __future__ import annotations

import re
import signal
import smtplib
import socket
from pathlib import Path

import httpx
import pytest

from .catcher import OURS, RECIPIENT, SENDER, command, free_port, running
from .mails import PLAIN, simple
from .test_events import Listener


def test_mails_outlive_a_kill(tmp_path: Path) -> None:
    database = str(tmp_path / "mail.db")
    with running(MP_DATABASE=database) as catcher:
        made = [catcher.send(simple(f"n{number}")) for number in range(20)]
        catcher.process.kill()
        catcher.process.wait()
    with running(MP_DATABASE=database) as catcher:
        assert [mail["ID"] for mail in catcher.listed()] == made[::-1]
        assert catcher.json("/api/v1/info")["Database"] == database


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    with running(TMPDIR=str(tmp_path), SQLITE_TMPDIR=str(tmp_path)) as catcher:
        catcher.send(PLAIN)
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly_whoever_is_connected(ending: signal.Signals) -> None:
    with running() as catcher:
        listener = Listener(catcher.http.base_url.port or 0)
        mail = socket.create_connection(("127.0.0.1", catcher.smtp_port), timeout=10)
        with listener.connection, mail:
            assert mail.recv(100).startswith(b"220")
            catcher.process.send_signal(ending)
            assert catcher.process.wait(timeout=5) == 0
            assert mail.recv(100).startswith(b"421")
        assert catcher.process.communicate()[0] == ""


@pytest.mark.parametrize(
    ("settings", "arguments", "words"),
    [
        ({"MP_DATABASE": "/proc/none/mail.db"}, [], "[db] cannot write /proc/none/mail.db: unable to open"),
        ({"MP_DATABASE": __file__}, [], "file is not a database"),
        ({}, ["--smtp", "127.0.0.1:{taken}"], "[smtpd] cannot listen on 127.0.0.1:{taken}: Address already in use"),
        ({"MP_UI_BIND_ADDR": "127.0.0.1:{taken}"}, [], "[http] cannot listen on 127.0.0.1:{taken}: Address already in"),
        ({}, ["--listen", "nonsense"], "an address to listen on is written host:port, not 'nonsense'"),
        ({"MP_MAX_MESSAGES": "many"}, [], "max is a number, not 'many'"),
        ({"MP_MAX_AGE": "3w"}, [], "max-age is written as in 12h or 3d, not '3w'"),
        ({"MP_SMTP_TLS_CERT": "x"}, [], "MP_SMTP_TLS_CERT is not supported by this mail catcher"),
        ({"MP_SMTP_AUTH": "a:b"}, [], "[smtp] authentication needs MP_SMTP_AUTH_ALLOW_INSECURE"),
        ({"MP_UI_AUTH": "joe:$2y$x"}, [], "hashed passwords are not supported"),
        ({}, ["--nonsense"], "unrecognized arguments: --nonsense"),
    ],
)
def test_what_can_not_begin_says_why_in_a_line(settings: dict[str, str], arguments: list[str], words: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        free = {"MP_SMTP_BIND_ADDR": f"127.0.0.1:{free_port()}", "MP_UI_BIND_ADDR": f"127.0.0.1:{free_port()}"}
        settings = {name: value.format(taken=port) for name, value in settings.items()}
        process = command({**free, **settings}, [*OURS, *(word.format(taken=port) for word in arguments)])
        said = process.communicate(timeout=30)[0]
    assert process.returncode == 1
    assert words.format(taken=port) in said
    assert said.count("\n") == 1


def test_it_asks_itself_whether_it_is_ready() -> None:
    with running() as catcher:
        address = f"127.0.0.1:{catcher.http.base_url.port}"
        ready = command({"MP_UI_BIND_ADDR": address}, [*OURS, "readyz"])
        assert (ready.communicate()[0], ready.returncode) == ("", 0)
    gone = command({"MP_UI_BIND_ADDR": address}, [*OURS, "readyz"])
    assert "refused" in gone.communicate()[0]
    assert gone.returncode == 1


def test_below_a_path_and_behind_a_password() -> None:
    with running(MP_UI_AUTH="joe:secret") as catcher:
        assert catcher.get("/api/v1/messages").status_code == 401
        assert catcher.get("/").headers["WWW-Authenticate"] == 'Basic realm="Login"'
        assert catcher.http.get("/api/v1/messages", auth=("joe", "secret")).status_code == 200
        assert catcher.http.get("/api/v1/messages", auth=("joe", "wrong")).status_code == 401


def test_passwords_on_the_mail_port() -> None:
    settings = {"MP_SMTP_AUTH": "joe:secret", "MP_SMTP_AUTH_ALLOW_INSECURE": "1", "MP_TAGS_USERNAME": "1"}
    with running(**settings) as catcher, smtplib.SMTP("127.0.0.1", catcher.smtp_port) as client:
        with pytest.raises(smtplib.SMTPSenderRefused):
            client.sendmail(SENDER, [RECIPIENT], PLAIN)
        with pytest.raises(smtplib.SMTPAuthenticationError):
            client.login("joe", "wrong")
        client.login("joe", "secret")
        client.sendmail(SENDER, [RECIPIENT], PLAIN)
        (mail,) = catcher.listed()
        assert (mail["Username"], mail["Tags"]) == ("joe", ["joe"])


def test_settings_that_choose_what_is_kept() -> None:
    settings = {
        "MP_IGNORE_DUPLICATE_IDS": "1",
        "MP_SMTP_ALLOWED_RECIPIENTS": "@home[.]test$",
        "MP_TAGS_DISABLE": "x-tags",
    }
    with running(**settings, MP_USE_MESSAGE_DATES="yes") as catcher:
        catcher.send(PLAIN)
        catcher.send(PLAIN)
        (mail,) = catcher.listed()
        assert mail["Created"].startswith("2026-11-02T")
        assert catcher.json("/api/v1/info")["RuntimeStats"]["SMTPIgnored"] == 1
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            catcher.send(PLAIN, "x@away.test")
        catcher.send(simple("New", "X-Tags: a", "To: b+c@home.test"), "b+c@home.test")
        assert catcher.json("/api/v1/tags") == ["c"]


def test_allowed_origins() -> None:
    with running(MP_API_CORS="http://good.test, other.test:81") as catcher:
        for origin, status in (("https://good.test", 200), ("http://other.test:81", 200), ("http://other.test", 403)):
            assert catcher.http.get("/api/v1/messages", headers={"Origin": origin}).status_code == status


def test_a_mail_of_25_megabytes_and_one_that_is_too_large(tmp_path: Path) -> None:
    line = "x" * 76 + "\r\n"
    with running(MP_DATABASE=str(tmp_path / "mail.db")) as catcher:
        large = "Subject: large\n\n" + line * (25 * 1024 * 1024 // len(line))
        made = catcher.send(large)
        assert len(catcher.json(f"/api/v1/message/{made}")["Text"]) == len(line) * (25 * 1024 * 1024 // len(line))
        with smtplib.SMTP("127.0.0.1", catcher.smtp_port) as client:
            client.helo()  # so that the client doesn't say beforehand how large it will be
            too_large = "Subject: x\r\n\r\n" + line * (51 * 1024 * 1024 // len(line))
            with pytest.raises(smtplib.SMTPDataError) as refused:
                client.sendmail(SENDER, [RECIPIENT], too_large)
            assert refused.value.smtp_code == 552
            assert client.noop()[0] == 250
        assert len(catcher.listed()) == 1
        catcher.http.delete("/api/v1/messages")
        assert (tmp_path / "mail.db").stat().st_size < 1024 * 1024


def test_a_body_that_is_too_large() -> None:
    with running() as catcher:
        answer = catcher.http.put("/api/v1/messages", content=b" " * (6 * 1024 * 1024))
        assert (answer.status_code, answer.text) == (400, "http: request body too large")


def test_nonsense_instead_of_http_is_refused() -> None:
    with running() as catcher, socket.create_connection(("127.0.0.1", catcher.http.base_url.port or 0)) as connection:
        connection.sendall(b"nonsense\r\n\r\n")
        assert connection.recv(1000).startswith(b"HTTP/1.1 400 ")
        assert httpx.get(str(catcher.http.base_url)).status_code == 200


def test_the_frame_for_a_mail_lets_no_script_run() -> None:
    with running() as catcher:
        (sandbox,) = re.findall(r'setAttribute\("sandbox", "([^"]*)"\)', catcher.get("/").text)
        assert not {"allow-scripts", "allow-forms", "allow-top-navigation"} & set(sandbox.split())
