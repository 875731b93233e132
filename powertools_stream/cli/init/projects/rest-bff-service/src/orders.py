"""What an order is, and what may be done with it. Nothing here knows of HTTP, tables or events."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

Row = dict[str, Any]

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Cents = Annotated[int, Field(ge=0, le=100_000_000)]


class _Command(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Line(_Command):
    sku: Id
    quantity: Annotated[int, Field(ge=1, le=1_000)]
    price: Cents


class NewOrder(_Command):
    """An order as it is submitted. The client chooses the id, so that it can repeat a request that got no response."""

    id: Id
    customer: Id
    lines: Annotated[list[Line], Field(min_length=1, max_length=100)]

    @property
    def total(self) -> int:
        """What the order costs, in cents."""
        return sum(line.quantity * line.price for line in self.lines)


class Payment(_Command):
    """A payment as the payment provider has confirmed it."""

    reference: Id
    amount: Cents


class ConflictError(Exception):
    """The order is in a state in which this cannot be done."""


def check_submitted(row: Row, order: NewOrder) -> None:
    """Raise `ConflictError` unless the row is this order."""
    if {"customer": row["customer"], "lines": row["lines"]} != order.model_dump(include={"customer", "lines"}):
        raise ConflictError(f"Another order has the id {order.id}.")


def check_paid(row: Row, payment: Payment) -> None:
    """Raise `ConflictError` unless the order is paid by this payment."""
    if "payment" not in row and row["total"] != payment.amount:
        raise ConflictError(f"The order costs {row['total']} cents, the payment is over {payment.amount}.")
    if "payment" not in row:
        raise ConflictError(f"The order is {row['status']}.")
    if row["payment"] != payment.model_dump():
        raise ConflictError("The order is paid already, by another payment.")
