"""Compares the outcome of the orders with the expected outcome."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .shop import Order, regulars_of

__all__ = ["Account"]


@dataclass(frozen=True)
class Account:
    """The outcome of each order.

    Parameters
    ----------
    orders
        The orders that were placed.
    rows
        The rows of the outcomes table.
    heard
        The events that were received from the bus.
    puts
        How many of the recorder's puts found their row free, and how many not.
    """

    orders: tuple[Order, ...]
    rows: tuple[Mapping[str, Any], ...]
    heard: tuple[Mapping[str, Any], ...]
    puts: Counter[bool]

    @property
    def outcomes(self) -> dict[str, str]:
        """The recorded outcome of each order; an order without one is open."""
        recorded = {
            row["pk"]: row["status"] for row in self.rows if row["sk"] == "order"
        }
        return dict.fromkeys((order.id for order in self.orders), "open") | recorded

    @property
    def wrong(self) -> set[str]:
        """Orders whose outcome is not the expected one, or that were never placed."""
        should = {order.id: order.outcome for order in self.orders}
        return {
            order
            for order, outcome in self.outcomes.items()
            if should.get(order) != outcome
        }

    @property
    def wrong_regulars(self) -> set[str]:
        """Customers who are wrongly recorded as regulars, or wrongly not recorded."""
        regulars = {row["pk"] for row in self.rows if row["sk"] == "regular"}
        return regulars ^ regulars_of(self.orders)

    @property
    def misnamed(self) -> set[str]:
        """Orders that became ready under a wrong id."""
        ready = {
            (event["order"]["id"], event["id"])
            for event in self.heard
            if event["type"] == "order-ready"
        }
        return {
            order for order, event_id in ready if event_id != f"order-ready.{order}"
        }

    @property
    def acted_twice(self) -> int:
        """How many more puts found their row free than there are rows."""
        return self.puts[True] - len(self.rows)

    @property
    def faults(self) -> int:
        """How many fault events there were."""
        return sum(event["type"] == "fault" for event in self.heard)

    @property
    def adds_up(self) -> bool:
        """Whether every order had its expected outcome, once."""
        return not (
            self.wrong
            or self.wrong_regulars
            or self.misnamed
            or self.acted_twice
            or self.faults
        )
