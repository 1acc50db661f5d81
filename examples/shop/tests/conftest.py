"""The shop, in this process, on real services: the ones that the environment names."""

import os

import pytest
from fastapi.testclient import TestClient

NEEDED = ("DATABASE_URL", "REDIS_URL", "S3_BUCKET", "SMTP_HOST", "SMTP_PORT")


def pytest_configure() -> None:
    """Without services there is nothing to test, and skipping would look like success."""
    missing = [name for name in NEEDED if name not in os.environ]
    if missing:
        raise pytest.UsageError(
            f"{', '.join(missing)} not set: these tests need real services.\n"
            "Start them and run the tests with `devenv run -- pytest`, or see `devenv env` for the variables."
        )


@pytest.fixture(scope="session")
def client() -> TestClient:
    """A client of the shop, its schema up to date."""
    from shop.main import app
    from shop.migrate import migrate

    migrate()
    return TestClient(app)
