"""The ids of the orders that wait for the worker: two redis lists, so that a killed worker loses none."""

from shop import connections

WAITING = "shop:waiting"
TAKEN = "shop:taken"


def push(order_id: int) -> None:
    """Queue an order for the worker."""
    connections.redis().rpush(WAITING, order_id)


def take(timeout: int = 1) -> int | None:
    """Take the order that has waited longest, or None when none came within the timeout."""
    order_id = connections.redis().blmove(WAITING, TAKEN, timeout, src="LEFT", dest="RIGHT")
    return None if order_id is None else int(order_id)


def done(order_id: int) -> None:
    """Forget an order that was taken."""
    connections.redis().lrem(TAKEN, 1, str(order_id))


def recover() -> None:
    """Queue again what was taken and never done."""
    while connections.redis().lmove(TAKEN, WAITING, src="LEFT", dest="RIGHT") is not None:
        pass
