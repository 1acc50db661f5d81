"""Runs a mail catcher, ours or the real Mailpit, on free ports, and talks to it; expects nothing."""

from __future__ import annotations

import os
import smtplib
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.command_line import ROOT
from tests.testbed.containers import wait_for

OURS = (sys.executable, "-m", "devenv.mail")
SENDER, RECIPIENT = "app@shop.test", "ann@home.test"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@dataclass
class Catcher:
    """A running server, with the client's side of both its ports."""

    process: subprocess.Popen[str]
    smtp_port: int
    http: httpx.Client

    def send(self, mail: str | bytes, *to: str, sender: str = SENDER) -> str:
        """Deliver a message as it is and return the id of it, which is then the newest."""
        raw = mail.encode() if isinstance(mail, str) else mail
        with smtplib.SMTP("127.0.0.1", self.smtp_port, local_hostname="client.test", timeout=60) as client:
            client.sendmail(sender, to or (RECIPIENT,), raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
        return str(self.listed()[0]["ID"])

    def get(self, path: str, **query: str | int) -> httpx.Response:
        return self.http.get(path, params=query)

    def json(self, path: str, **query: str | int) -> Any:
        answer = self.get(path, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def listed(self, **query: str | int) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.json("/api/v1/messages", **query)["messages"]
        return found

    def found(self, words: str, **query: str | int) -> list[str]:
        """The subjects that a search finds, in alphabetical order."""
        return sorted(mail["Subject"] for mail in self.json("/api/v1/search", query=words, **query)["messages"])

    def dialogue(self, *lines: str) -> list[str]:
        """What the mail port answers to each line; of an answer of several lines the last."""
        answers = []
        with socket.create_connection(("127.0.0.1", self.smtp_port), timeout=30) as connection:
            stream = connection.makefile("rwb")
            for line in ("", *lines):
                if line:
                    stream.write(line.encode() + b"\r\n")
                    stream.flush()
                answer = stream.readline()
                while answer[3:4] == b"-":
                    answer = stream.readline()
                answers.append(answer.decode().strip())
        return answers[1:]


def command(settings: Mapping[str, str], program: Sequence[str] = OURS) -> subprocess.Popen[str]:
    env = {**{name: value for name, value in os.environ.items() if not name.startswith("MP_")}, **settings}
    pipe = subprocess.PIPE
    return subprocess.Popen([*program], env=env, cwd=ROOT, stdout=pipe, stderr=subprocess.STDOUT, encoding="utf-8")


@contextmanager
def running(program: Sequence[str] = OURS, log: Path | None = None, **settings: str) -> Iterator[Catcher]:
    """A catcher that answers, until the block ends."""
    smtp, http = free_port(), free_port()
    addresses = {"MP_SMTP_BIND_ADDR": f"127.0.0.1:{smtp}", "MP_UI_BIND_ADDR": f"127.0.0.1:{http}"}
    quiet = {"MP_QUIET": "true", "MP_DISABLE_VERSION_CHECK": "true", "MP_SMTP_DISABLE_RDNS": "true"}
    process = command({**addresses, **quiet, **settings}, program)
    with httpx.Client(base_url=f"http://127.0.0.1:{http}", timeout=60, headers={"Accept-Encoding": ""}) as client:
        try:
            wait_for(lambda: answers(process, client, smtp))
            yield Catcher(process, smtp, client)
        finally:
            process.terminate()
            process.communicate(timeout=30)


def answers(process: subprocess.Popen[str], client: httpx.Client, smtp: int) -> bool:
    assert process.poll() is None, process.communicate()[0]
    with suppress(httpx.TransportError, OSError):
        with socket.create_connection(("127.0.0.1", smtp), timeout=5) as connection:
            greeting = connection.recv(100)
        return client.get("/readyz").status_code == 200 and greeting.startswith(b"220")
    return False
