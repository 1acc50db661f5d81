"""The event websocket: what is told of each change, and that a stranger hears nothing."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, CloseConnection, Ping, Pong, Request, TextMessage
from wsproto.extensions import PerMessageDeflate

from .catcher import Catcher
from .mails import simple

Happened = dict[str, Any]


class Listener:
    """A websocket's client."""

    def __init__(self, port: int) -> None:
        self.connection = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.protocol = WSConnection(ConnectionType.CLIENT)
        hello = Request(host=f"127.0.0.1:{port}", target="/api/events", extensions=[PerMessageDeflate()])
        self.connection.sendall(self.protocol.send(hello))
        self.waiting: list[Any] = []
        assert isinstance(self.next(), AcceptConnection)

    def next(self) -> Any:
        while not self.waiting:
            self.protocol.receive_data(self.connection.recv(65536) or None)
            self.waiting += self.protocol.events()
        return self.waiting.pop(0)

    def until(self, kind: str) -> tuple[list[tuple[str, Any]], Any]:
        """What comes up to the first event of a kind, which is given as well."""
        before = []
        while True:
            event = self.next()
            assert isinstance(event, TextMessage), event
            told = json.loads(event.data)
            assert set(told) == {"Type", "Data"}
            if told["Type"] == kind:
                return before, told["Data"]
            before.append((told["Type"], told["Data"]))


@pytest.fixture
def listener(catcher: Catcher) -> Iterator[Listener]:
    """One that has heard the counts, which come to whoever connects."""
    made = Listener(catcher.http.base_url.port or 0)
    with made.connection:
        end = time.monotonic() + 10
        while made.until("stats")[1]["Total"] != 0:  # of the mailbox before it was emptied
            assert time.monotonic() < end
        yield made


def test_a_new_mail(catcher: Catcher, listener: Listener) -> None:
    made = catcher.send(simple("Hello", "X-Tags: one"))
    before, mail = listener.until("new")
    assert before == [("update", {"ID": made, "Tags": ["one"]})]
    assert mail == {**catcher.listed()[0], "Created": mail["Created"], "To": [], "Cc": []}
    after, counts = listener.until("stats")
    assert after == []
    assert set(counts) == {"Total", "Unread", "Version"}
    assert (counts["Total"], counts["Unread"]) == (1, 1)


@pytest.fixture
def made(catcher: Catcher, listener: Listener) -> str:
    """The id of a mail, of which everything has been heard."""
    found = catcher.send(simple("Hello", "X-Tags: one"))
    assert listener.until("stats")[1]["Total"] == 1
    return found


def delete(catcher: Catcher, **body: Any) -> None:
    catcher.http.request("DELETE", "/api/v1/messages", json=body)


CHANGES: list[tuple[str, Callable[[Catcher, str], Any], str, Happened | None]] = [
    ("read", lambda c, one: c.get(f"/api/v1/message/{one}"), "update", {"ID": "", "Read": True}),
    (
        "tags",
        lambda c, one: c.http.put("/api/v1/tags", json={"IDs": [one], "Tags": ["x"]}),
        "update",
        {"ID": "", "Tags": ["x"]},
    ),
    ("rename", lambda c, one: c.http.put("/api/v1/tags/one", json={"Name": "two"}), "prune", None),
    ("forget a tag", lambda c, one: c.http.delete("/api/v1/tags/one"), "prune", None),
    ("delete", lambda c, one: delete(c, IDs=[one]), "delete", {"ID": ""}),
    ("delete found", lambda c, one: c.http.delete("/api/v1/search?query=hello"), "delete", {"ID": ""}),
    ("delete all", lambda c, one: delete(c), "truncate", None),
    ("all read", lambda c, one: c.http.put("/api/v1/messages", json={"Read": True}), "stats", None),
]


@pytest.mark.parametrize(("change", "kind", "data"), [each[1:] for each in CHANGES], ids=[each[0] for each in CHANGES])
def test_changes(
    catcher: Catcher,
    listener: Listener,
    made: str,
    change: Callable[[Catcher, str], Any],
    kind: str,
    data: Happened | None,
) -> None:
    change(catcher, made)
    before, told = listener.until(kind)
    assert before == []
    if kind == "stats":
        assert (told["Total"], told["Unread"]) == (1, 0)
    else:
        assert told == (data and {name: value if name != "ID" else made for name, value in data.items()})


def test_what_the_mail_port_refuses(catcher: Catcher, listener: Listener) -> None:
    catcher.dialogue("NONSENSE")
    words = "500 5.5.2 Syntax error, command unrecognized"
    assert listener.until("error")[1] == {"Level": "error", "Type": "smtpd", "IP": "127.0.0.1", "Message": words}


def test_pings_are_answered_and_the_end_is_the_end(catcher: Catcher, listener: Listener) -> None:
    listener.connection.sendall(listener.protocol.send(TextMessage(data="nobody listens")))
    listener.connection.sendall(listener.protocol.send(Ping(payload=b"there?")))
    answer = listener.next()
    assert isinstance(answer, Pong)
    assert answer.payload == b"there?"
    listener.connection.sendall(listener.protocol.send(CloseConnection(code=1000)))
    assert isinstance(listener.next(), CloseConnection)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 400),
        ({"Sec-WebSocket-Version": "12"}, 400),
        ({"Sec-WebSocket-Key": ""}, 400),
        ({"Origin": "http://evil.test"}, 403),
    ],
)
def test_who_is_no_websocket_or_a_stranger(catcher: Catcher, headers: dict[str, str], status: int) -> None:
    good = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "eA=="}
    answer = catcher.http.get("/api/events", headers={**good, **headers} if headers else {})
    assert answer.status_code == status
