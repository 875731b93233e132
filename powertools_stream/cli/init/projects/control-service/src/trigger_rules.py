"""Publishes that an order is submitted and paid, or that its time is over."""

from typing import Any

from powertools_stream import RuleRegistry, UnitOfWork
from powertools_stream.flavors import correlate, evaluate, expired

NEEDED = ["order-submitted", "order-paid"]

Event = dict[str, Any]

rules = RuleRegistry()

# Correlations are queried consistently: whichever event comes last sees the other one.
rules.add(
    id="correlate_orders",
    flavor=correlate,
    event_type=NEEDED,
    correlation_key="order.id",
)


def is_correlation(uow: UnitOfWork) -> bool:
    """Leave out the collected rows: they come from an index, which lags behind."""
    return bool(uow["meta"]["correlation"])


def order_fulfilled(uow: UnitOfWork, template: Event) -> Event:
    """Return the event. It has one id per order, however often an event came."""
    submitted, paid = uow["triggers"]
    order = {**submitted["order"], "payment": paid["order"]["payment"]}
    event_id = f"order-fulfilled.{order['id']}"
    return {**template, "id": event_id, "type": "order-fulfilled", "order": order}


@rules.register(
    evaluate,
    event_type=NEEDED,
    filters=[is_correlation],
    compact=True,
    emit=order_fulfilled,
)
def fulfil_order(uow: UnitOfWork) -> list[Event]:
    """Return the first event of each type, if all are there."""
    # The newest come first.
    first = {event["type"]: event for event in uow["correlated"]}
    return [first[each] for each in NEEDED] if len(first) == len(NEEDED) else []


# It tells of every order whose time is over, paid or not: consumers know which it is.
rules.add(id="expire_orders", flavor=expired)
