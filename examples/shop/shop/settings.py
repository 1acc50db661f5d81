"""What the shop is told by its environment, read once and checked at start."""

import logging
import os
import sys
from dataclasses import dataclass
from functools import cache

# The AWS_* variables are not here: boto3 reads them by itself, and in production most of them are not set.
REQUIRED = ("DATABASE_URL", "REDIS_URL", "S3_BUCKET", "SMTP_HOST", "SMTP_PORT")


@dataclass(frozen=True)
class Settings:
    """Everything that differs between a laptop, CI and production."""

    database_url: str
    redis_url: str
    s3_bucket: str
    smtp_host: str
    smtp_port: int
    log_level: str


@cache
def settings() -> Settings:
    """Read the environment, or end the program naming every variable that is missing."""
    missing = [name for name in REQUIRED if not os.environ.get(name)]
    if missing:
        sys.exit(f"shop: not set in the environment: {', '.join(missing)}")
    return Settings(
        database_url=os.environ["DATABASE_URL"],
        redis_url=os.environ["REDIS_URL"],
        s3_bucket=os.environ["S3_BUCKET"],
        smtp_host=os.environ["SMTP_HOST"],
        smtp_port=_port("SMTP_PORT"),
        log_level=os.environ.get("LOG_LEVEL", "INFO").upper(),
    )


def configure_logging() -> None:
    """Log to stderr; LOG_LEVEL is the shop's own and leaves the libraries quiet."""
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s")
    try:
        logging.getLogger("shop").setLevel(settings().log_level)
    except ValueError:
        sys.exit(f"shop: LOG_LEVEL is not a level: {settings().log_level}")


def _port(name: str) -> int:
    """The variable as a port number."""
    value = os.environ[name]
    if not value.isdecimal():
        sys.exit(f"shop: {name} is not a port number: {value}")
    return int(value)
