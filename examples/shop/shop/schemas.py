"""Orders as the outside world sends and sees them."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from shop.database import Status

Email = Annotated[str, Field(max_length=254, pattern=r"^[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$")]
Text = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]+$")]


class NewOrder(BaseModel):
    """What a customer asks for."""

    customer_email: Email
    item: Text
    quantity: int = Field(ge=1, le=100)


class OrderView(NewOrder):
    """An order as it was stored."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    status: Status
    created_at: datetime
