"""The outside world: orders, events of shop and payment provider, expected outcomes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

__all__ = ["ORDERS", "Order", "events_of", "regulars_of"]

_MINUTE = 60_000
_DAY = 24 * 60 * _MINUTE


@dataclass(frozen=True)
class Order:
    """Each fifth order is never paid, each eleventh twice; each fourth is new."""

    number: int

    @property
    def id(self) -> str:
        """The order's id."""
        return f"o-{self.number:02}"

    @property
    def customer(self) -> str:
        """The customer's id."""
        # A few customers have many orders, and many have a few.
        return f"c-{self.number % (10 if self.number % 2 else 30):02}"

    @property
    def payments(self) -> int:
        """How often it was paid."""
        return 0 if self.number % 5 == 0 else 2 if self.number % 11 == 0 else 1

    @property
    def is_new(self) -> bool:
        """Whether it was placed just now; the others were placed four days ago."""
        return self.number % 4 == 0

    @property
    def outcome(self) -> str:
        """The expected outcome: ``ready``, ``expired`` or, for now, ``open``."""
        return "ready" if self.payments else "open" if self.is_new else "expired"

    def created(self, now: int) -> dict[str, Any]:
        """Return the event of the shop."""
        order = {"id": self.id, "customer": self.customer, "total": 100 * self.number}
        return self._event(
            "order-created", self._placed(now), f"{self.id}.created", order=order
        )

    def paid(self, now: int, payment: int = 1) -> dict[str, Any]:
        """Return the event of the payment provider, which only knows the order's id."""
        payment_id = f"{self.id}.payment-{payment}"
        paid_at = self._placed(now) + payment * _MINUTE
        return self._event(
            "payment-authorized",
            paid_at,
            payment_id,
            order={"id": self.id},
            payment={"id": payment_id},
        )

    def _placed(self, now: int) -> int:
        return now - (10 * _MINUTE if self.is_new else 4 * _DAY) + self.number

    def _event(
        self, event_type: str, at: int, event_id: str, **fields: Any
    ) -> dict[str, Any]:
        # Each event has its own partition key: an order and its payments arrive through
        # different shards.
        return {
            "id": event_id,
            "type": event_type,
            "timestamp": at,
            "partition_key": event_id,
            "tags": {},
            **fields,
        }


ORDERS = [Order(number) for number in range(1, 61)]


def events_of(orders: Iterable[Order], now: int) -> list[dict[str, Any]]:
    """Return all events of these orders; `now` is in ms."""
    events = []
    for order in orders:
        events.append(order.created(now))
        events += [order.paid(now, payment) for payment in range(1, order.payments + 1)]
    return events


def regulars_of(orders: Iterable[Order]) -> set[str]:
    """Return the customers with three or more of these orders."""
    customers = [order.customer for order in orders]
    return {customer for customer in customers if customers.count(customer) >= 3}
