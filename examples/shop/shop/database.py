"""The orders table as Python sees it; migrations/*.sql is where it is made."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Literal

from sqlalchemy import BigInteger, DateTime, FetchedValue, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from shop import connections

Status = Literal["pending", "confirmed"]


class Base(DeclarativeBase):
    """What SQLAlchemy knows about our tables."""


class Order(Base):
    """One order: pending until the worker has confirmed it."""

    __tablename__ = "orders"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    customer_email: Mapped[str] = mapped_column(Text)
    item: Mapped[str] = mapped_column(Text)
    quantity: Mapped[int]
    status: Mapped[Status] = mapped_column(Text, server_default=FetchedValue())
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())


@contextmanager
def transaction() -> Iterator[Session]:
    """A session that commits at the end of the block and rolls back on an error."""
    with Session(connections.database(), expire_on_commit=False) as session, session.begin():
        yield session
