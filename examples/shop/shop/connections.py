"""The three long-lived clients, each opened on first use and then shared."""

import os
from functools import cache
from typing import TYPE_CHECKING

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from sqlalchemy import Engine, create_engine, make_url

from shop.settings import settings

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


@cache
def database() -> Engine:
    """Postgres, through psycopg; a connection that a restart cut off is replaced unnoticed."""
    url = make_url(settings().database_url).set(drivername="postgresql+psycopg")
    return create_engine(url, pool_pre_ping=True, connect_args={"connect_timeout": 2})


@cache
def redis() -> Redis:
    """Redis, tried twice at once instead of the client's default of several slow attempts."""
    return Redis.from_url(
        settings().redis_url, socket_connect_timeout=2, socket_timeout=3, retry=Retry(NoBackoff(), retries=1)
    )


@cache
def s3() -> "S3Client":
    """S3; boto3 takes endpoint and credentials from the environment, and only the region needs help."""
    import boto3  # here, because it is the slowest import of all and the web process answers without it
    from botocore.config import Config

    config = Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 2})
    return boto3.client("s3", region_name=os.environ.get("AWS_REGION"), config=config)
