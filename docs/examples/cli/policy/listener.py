"""What `powertools-stream policy` prints of it is in docs/cli/policy.md."""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from powertools_stream import RuleRegistry, UnitOfWork, stream_processor
from powertools_stream.expressions import timestamp_condition, update_expression
from powertools_stream.flavors import materialize, task
from powertools_stream.requests import Query, SendMessage

rules = RuleRegistry()


@rules.register(materialize, event_type="order-submitted")
def keep_order(uow: UnitOfWork) -> dict[str, Any]:
    key = {"pk": uow.event["order"]["id"], "sk": "order"}
    return {
        "Key": key,
        **update_expression({"status": "submitted"}),
        **timestamp_condition(),
    }


@rules.register(task, event_type="order-paid", emit="order-accepted")
def accept_order(uow: UnitOfWork) -> Generator[Any, Any, dict[str, Any]]:
    customer = uow.event["customer"]
    orders = yield Query(orders_of(customer))
    yield SendMessage(
        {"MessageBody": {"to": customer, "orders": len(orders)}},
        queue_url=os.environ["MAILS_URL"],
    )
    return {"customer": customer}


def orders_of(customer: str) -> dict[str, Any]:
    return {
        "IndexName": "CustomerIndex",
        "KeyConditionExpression": "customer = :customer",
        "ExpressionAttributeValues": {":customer": customer},
    }


@stream_processor(rules)
def handler(event: dict[str, Any], context: LambdaContext) -> None: ...
