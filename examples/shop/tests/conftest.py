"""The shop, in this process, on real services: the ones that the environment names."""

import os
from collections.abc import Callable

import httpx2
import pytest
from fastapi.testclient import TestClient

NEEDED = ("DATABASE_URL", "REDIS_URL", "S3_BUCKET", "SMTP_HOST", "SMTP_PORT", "MAILPIT_URL")


def pytest_configure() -> None:
    """Without services there is nothing to test, and skipping would look like success."""
    missing = [name for name in NEEDED if name not in os.environ]
    if missing:
        raise pytest.UsageError(
            f"{', '.join(missing)} not set: these tests need real services.\n"
            'Start them with `devenv up -d`, then: eval "$(devenv env --format shell)"'
        )


@pytest.fixture(scope="session")
def client() -> TestClient:
    """A client of the shop, its schema up to date."""
    from shop.main import app
    from shop.migrate import migrate

    migrate()
    return TestClient(app)


@pytest.fixture(scope="session")
def mails_to() -> Callable[[str], list[str]]:
    """The texts of the mails that an address has received."""

    def texts(address: str) -> list[str]:
        with httpx2.Client(base_url=os.environ["MAILPIT_URL"]) as mailpit:
            found = mailpit.get("/api/v1/search", params={"query": f"to:{address}"}).raise_for_status().json()
            return [mailpit.get(f"/view/{mail['ID']}.txt").raise_for_status().text for mail in found["messages"]]

    return texts
