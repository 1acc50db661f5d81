"""The mail catcher that a test talks to: ours, and with DEVENV_MAILPIT=/path/to/mailpit the real one as well."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from .catcher import OURS, Catcher, running

REAL = os.environ.get("DEVENV_MAILPIT", "")
PROGRAMS = {"ours": OURS, **({"mailpit": (REAL,)} if REAL else {})}


@pytest.fixture(scope="session", params=PROGRAMS)
def server(request: pytest.FixtureRequest) -> Iterator[Catcher]:
    with running(PROGRAMS[request.param]) as catcher:
        yield catcher


@pytest.fixture
def catcher(server: Catcher) -> Catcher:
    """With an empty mailbox."""
    assert server.http.delete("/api/v1/messages").text == "ok"
    return server


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of these talk to a server that is started for them."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.servers)
