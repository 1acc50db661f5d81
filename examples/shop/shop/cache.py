"""Orders in redis, so that looking at one again costs postgres nothing."""

from shop import connections
from shop.schemas import OrderView

# Nothing is ever deleted here: a pending order is soon out of date, and a confirmed one does not change any more.
SECONDS = {"pending": 2, "confirmed": 60}


def get(order_id: int) -> OrderView | None:
    """The order as it was last put here, or None."""
    document = connections.redis().get(_key(order_id))
    return None if document is None else OrderView.model_validate_json(document)


def put(order: OrderView) -> None:
    """Remember an order for a while."""
    connections.redis().set(_key(order.id), order.model_dump_json(), ex=SECONDS[order.status])


def _key(order_id: int) -> str:
    """Where an order is kept."""
    return f"shop:order:{order_id}"
