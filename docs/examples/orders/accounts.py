"""Checks the outcome of the orders.

It looks at the table, the dead-letter queue, and the bus. It does not ask the handlers.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Account", "FaultKind", "Letter", "count_faults", "order_in"]


@dataclass(frozen=True)
class Letter:
    """One message in the dead-letter queue: the order that it carries, and its id."""

    order: str
    message_id: str

    @classmethod
    def of(cls, message: Mapping[str, Any]) -> Letter:
        """Read an SQS message."""
        return cls(order_in(message["Body"]), message["MessageId"])


@dataclass(frozen=True)
class FaultKind:
    """What a fault event says, without details, so that like ones are counted."""

    function: str
    rule: str
    error: str
    disposition: str


@dataclass(frozen=True)
class Account:
    """Where every order ended up.

    Parameters
    ----------
    orders
        The orders that went in, each as `order_in` names it.
    rows
        The ids of the orders in the table.
    letters
        The messages in the dead-letter queue.
    events
        The events that were received from the bus.
    faults
        The fault events that were received from the bus.
    """

    orders: tuple[str, ...]
    rows: tuple[str, ...]
    letters: tuple[Letter, ...]
    events: tuple[Mapping[str, Any], ...]
    faults: tuple[Mapping[str, Any], ...]

    @property
    def lost(self) -> set[str]:
        """Orders that are nowhere."""
        return set(self.orders) - set(self.rows) - self._dead

    @property
    def surplus(self) -> set[str]:
        """Orders that are in two places, or twice in one, or that never went in."""
        places = Counter([*self.rows, *(letter.order for letter in self.letters)])
        return {order for order, times in places.items() if times > 1} | (
            set(places) - set(self.orders)
        )

    @property
    def unexplained(self) -> set[str]:
        """Dead letters without a fault event that says why."""
        explained = {
            str(fault["uow"]["record"].get("messageId")) for fault in self.faults
        }
        return {
            letter.order
            for letter in self.letters
            if letter.message_id not in explained
        }

    @property
    def unheard(self) -> set[str]:
        """Orders in the table of which the bus has neither event nor fault event."""
        accepted = {
            event["order_id"]
            for event in self.events
            if event["type"] == "order-accepted"
        }
        announced = {
            event["order"]["id"]
            for event in self.events
            if event["type"] == "order-created"
        }
        set_aside = {
            _row_of(fault)
            for fault in self.faults
            if fault["disposition"] == "set-aside"
        }
        return set(self.rows) - (accepted & (announced | set_aside))

    @property
    def adds_up(self) -> bool:
        """Whether each order is processed or dead-lettered, and none is in doubt."""
        return not (self.lost or self.surplus or self.unexplained or self.unheard)

    @property
    def _dead(self) -> set[str]:
        return {letter.order for letter in self.letters}


def order_in(body: str) -> str:
    """Return the id of the order in a body or a line; otherwise the text itself."""
    try:
        value = json.loads(body)
        return str(value.get("detail", value)["order"]["id"])
    except (ValueError, TypeError, KeyError, AttributeError):
        return body


def count_faults(faults: Iterable[Mapping[str, Any]]) -> dict[FaultKind, int]:
    """Count fault events by kind, grouped by function."""
    counts = Counter(
        FaultKind(
            function=fault["tags"]["functionname"],
            rule=fault["tags"]["pipeline"],
            error=fault["err"]["name"],
            disposition=fault["disposition"],
        )
        for fault in faults
    )
    return dict(
        sorted(
            counts.items(),
            key=lambda each: (each[0].function, each[0].rule, each[0].error),
        )
    )


def _row_of(fault: Mapping[str, Any]) -> str | None:
    keys = fault["uow"]["record"].get("dynamodb", {}).get("Keys", {})
    key: str | None = keys.get("pk", {}).get("S")
    return key
