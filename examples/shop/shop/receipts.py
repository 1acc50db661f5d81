"""Receipts in S3: one small text file for each order."""

from collections.abc import Iterator

from shop import connections
from shop.database import Order
from shop.settings import settings


def text(order: Order) -> str:
    """What the receipt of an order says."""
    return f"""\
Receipt no. {order.id}
{order.created_at:%d %B %Y}

{order.quantity} x {order.item}

Thank you, {order.customer_email}.
"""


def upload(order: Order) -> None:
    """Store the receipt of an order; a second time replaces it by the same."""
    connections.s3().put_object(
        Bucket=settings().s3_bucket,
        Key=_key(order.id),
        Body=text(order).encode(),
        ContentType="text/plain; charset=utf-8",
    )


def read(order_id: int) -> Iterator[bytes] | None:
    """The receipt of an order in chunks, or None when it has none yet."""
    s3 = connections.s3()
    try:
        return s3.get_object(Bucket=settings().s3_bucket, Key=_key(order_id))["Body"].iter_chunks()
    except s3.exceptions.NoSuchKey:
        return None


def _key(order_id: int) -> str:
    """Where a receipt is kept."""
    return f"orders/{order_id}.txt"
