"""Listens to the queue: accepts each submitted order, and stores it as a row."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from powertools_stream import RuleRegistry, UnitOfWork, stream_processor
from powertools_stream.expressions import timestamp_condition, update_expression
from powertools_stream.flavors import materialize, task
from powertools_stream.requests import Call

from .payments import authorize

logger = Logger()
rules = RuleRegistry()


@rules.register(task, event_type="order-submitted", emit="order-accepted")
def accept_order(uow: UnitOfWork) -> Generator[Any, Any, dict[str, Any]]:
    order = uow.event["order"]
    amount = total(order)
    payment = yield Call(
        authorize, order["id"], order["card"], amount
    )  # blocking, so it runs on a worker thread
    return {"order_id": order["id"], "total": amount, "payment": payment}


@rules.register(materialize, event_type="order-submitted")
def keep_order(uow: UnitOfWork) -> dict[str, Any]:
    order = uow.event["order"]
    row = {
        "total": total(order),
        "currency": order["currency"],
        "timestamp": uow.event["timestamp"],
    }
    # Because of the condition, a second delivery of the same event changes nothing.
    return {
        "Key": {"pk": order["id"], "sk": "order"},
        **update_expression(row),
        **timestamp_condition(),
    }


def total(order: dict[str, Any]) -> int:
    """Return what the order costs, in cents."""
    for line in order["lines"]:
        if line["quantity"] < 1:
            raise ValueError(
                f"Expected a quantity of 1 or more of {line['sku']}, "
                f"found {line['quantity']}."
            )
    return sum(line["price"] * line["quantity"] for line in order["lines"])


@logger.inject_lambda_context
@stream_processor(rules=rules, logger=logger)
def handler(event: dict[str, Any], context: LambdaContext) -> None: ...
