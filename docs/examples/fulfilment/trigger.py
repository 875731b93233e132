"""Watches the event table: correlates events, and publishes higher-order events."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from powertools_stream import (
    FaultPolicy,
    RuleRegistry,
    StreamProcessor,
    UnitOfWork,
    stream_processor,
)
from powertools_stream.flavors import correlate, evaluate, expired

from .calls import CallCounter

ORDERS_OF_A_REGULAR = 3

Event = dict[str, Any]

logger = Logger()
rules = RuleRegistry()


# --8<-- [start:correlate]
rules.add(
    id="by_order",
    flavor=correlate,
    event_type=["order-created", "payment-authorized"],
    correlation_key="order.id",
)
# The same orders under another key. The suffix separates the two: it says which rule
# evaluates a correlation.
rules.add(
    id="by_customer",
    flavor=correlate,
    event_type="order-created",
    correlation_key="order.customer",
    correlation_key_suffix="orders",
    ttl=365,
)
# --8<-- [end:correlate]


# --8<-- [start:ready]
def is_correlation(uow: UnitOfWork) -> bool:
    """Pass correlations, read consistently, but no collected rows."""
    return bool(uow["meta"]["correlation"])


def order_ready(uow: UnitOfWork, template: Event) -> Event:
    created, _ = uow["triggers"]
    order = created["order"]
    # One id per order, whichever row made the order ready, and however many rows did.
    return {
        **template,
        "id": f"order-ready.{order['id']}",
        "type": "order-ready",
        "order": order,
    }


@rules.register(
    evaluate,
    event_type=["order-created", "payment-authorized"],
    filters=[is_correlation],
    compact=True,
    emit=order_ready,
)
def ready_orders(uow: UnitOfWork) -> list[Event]:
    # The newest come first, so the oldest of each type is kept.
    first = {event["type"]: event for event in uow["correlated"]}
    return (
        [first["order-created"], first["payment-authorized"]] if len(first) == 2 else []
    )


# --8<-- [end:ready]


# --8<-- [start:regular]
def customer_became_regular(uow: UnitOfWork, template: Event) -> Event:
    customer = uow.event["order"]["customer"]
    event_type = "customer-became-regular"
    return {
        **template,
        "id": f"{event_type}.{customer}",
        "type": event_type,
        "customer": {"id": customer},
    }


@rules.register(
    evaluate,
    event_type="order-created",
    correlation_key_suffix="orders",
    compact=True,
    emit=customer_became_regular,
)
def regular_customers(uow: UnitOfWork) -> list[Event]:
    orders = uow["correlated"][::-1]
    return orders[:ORDERS_OF_A_REGULAR] if len(orders) >= ORDERS_OF_A_REGULAR else []


# --8<-- [end:regular]


# --8<-- [start:expired]
rules.add(id="expired_orders", flavor=expired)
# --8<-- [end:expired]

calls = (
    CallCounter()
)  # for the tables at the end of the demo; a real service does not need it
processor = StreamProcessor(
    rules=rules, logger=logger, on_fault=FaultPolicy.PUBLISH, observers=[calls]
)


@logger.inject_lambda_context
@stream_processor(processor=processor)
def handler(event: dict[str, Any], context: LambdaContext) -> None: ...
