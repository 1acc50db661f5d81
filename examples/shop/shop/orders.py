"""Orders in postgres."""

from sqlalchemy import select

from shop.database import Order, transaction
from shop.schemas import NewOrder, OrderView


def place(new: NewOrder) -> OrderView:
    """Store a new order."""
    with transaction() as session:
        order = Order(**new.model_dump())
        session.add(order)
        session.flush()
        return OrderView.model_validate(order)


def find(order_id: int) -> OrderView | None:
    """One order, or None."""
    with transaction() as session:
        order = session.get(Order, order_id)
        return OrderView.model_validate(order) if order else None


def latest(limit: int = 10) -> list[OrderView]:
    """The newest orders, newest first."""
    with transaction() as session:
        orders = session.scalars(select(Order).order_by(Order.id.desc()).limit(limit))
        return [OrderView.model_validate(order) for order in orders]
