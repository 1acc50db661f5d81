"""The mails that the app under test sends, asked of the mail catcher's API; deletes none: others may be reading too."""

from __future__ import annotations

import http.client
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from devenv.testing.environment import Environment

_TIMEOUT = 10.0
_LOOK = 0.02
_PAGE = 200


@dataclass(frozen=True)
class Mail:
    """One caught mail. Addresses are without names."""

    id: str
    sender: str
    to: tuple[str, ...]
    subject: str
    _ask: Callable[[str], Any]

    @property
    def text(self) -> str:
        """Its plain text."""
        return str(self._whole["Text"])

    @property
    def html(self) -> str:
        """Its HTML part; empty where it has none."""
        return str(self._whole["HTML"])

    @property
    def attachments(self) -> tuple[str, ...]:
        """The names of its attachments."""
        return tuple(each["FileName"] for each in self._whole["Attachments"])

    @cached_property
    def _whole(self) -> dict[str, Any]:
        found: dict[str, Any] = self._ask(f"/api/v1/message/{self.id}")
        return found

    def __repr__(self) -> str:
        return f"<Mail from {self.sender} to {', '.join(self.to)}: {self.subject!r}>"


class Mailbox:
    """What was caught since the mailbox was opened: for each test it is empty at first."""

    def __init__(self, smtp: tuple[str, int], api: tuple[str, int]) -> None:
        """`smtp` is where mails go to, `api` where they are asked for."""
        self.host, self.port = smtp
        self._api = api
        self._before: set[str] = set()

    def begin(self) -> None:
        """From now on only new mails count."""
        self._before = {mail.id for mail in self._every()}

    @staticmethod
    def address(name: str = "someone") -> str:
        """An address that no other test has: mails that run at the same time can be told from each other by it."""
        return f"{name}-{os.urandom(4).hex()}@tests.example"

    @property
    def mails(self) -> list[Mail]:
        """All of them, the oldest first."""
        return [mail for mail in self._every() if mail.id not in self._before][::-1]

    def wait(self, wanted: Callable[[Mail], bool] = lambda mail: True, *, timeout: float = _TIMEOUT) -> Mail:
        """The first mail for which `wanted` is true, as soon as it is there. Raises AssertionError after `timeout`."""
        deadline = time.monotonic() + timeout
        pause = threading.Event()
        while True:
            mails = self.mails
            for mail in mails:
                if wanted(mail):
                    return mail
            if time.monotonic() > deadline:
                came = "\n".join(f"  {mail!r}" for mail in mails) or "  none"
                raise AssertionError(f"no such mail within {timeout:g} s; these came:\n{came}")
            pause.wait(_LOOK)

    def _every(self) -> Iterator[Mail]:
        """All that the catcher has, the newest first."""
        found = self._ask(f"/api/v1/messages?limit={_PAGE}")["messages"]
        for each in found:
            to = tuple(address["Address"] for kind in ("To", "Cc", "Bcc") for address in each.get(kind) or ())
            sender = (each.get("From") or {}).get("Address", "")
            yield Mail(each["ID"], sender, to, each["Subject"], self._ask)

    def _ask(self, path: str) -> Any:
        connection = http.client.HTTPConnection(*self._api, timeout=_TIMEOUT)
        try:
            connection.request("GET", path)
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()


def open_mailbox(environment: Environment) -> Mailbox:
    """The project's mail catcher. Raises `DevenvError`."""
    service = environment.service("smtp")
    ports = (environment.port(service, "smtp"), environment.port(service, "http"))
    return Mailbox(("127.0.0.1", ports[0]), ("127.0.0.1", ports[1]))
