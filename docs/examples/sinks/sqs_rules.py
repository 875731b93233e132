from __future__ import annotations

from collections.abc import Generator
from typing import Any

from powertools_stream import RuleRegistry, UnitOfWork
from powertools_stream.flavors import task
from powertools_stream.requests import SendMessage

rules = RuleRegistry()


# --8<-- [start:task]
@rules.register(task, event_type="order-submitted")
def ask_for_label(uow: UnitOfWork) -> Generator[Any, Any, str]:
    order = uow.event["order"]
    message = {
        "MessageBody": {"order_id": order["id"], "address": order["address"]},
        "MessageAttributes": {"carrier": order["carrier"], "weight": order["weight"]},
    }
    answer = yield SendMessage(
        message, queue_url="https://sqs.eu-central-1.amazonaws.com/123456789012/labels"
    )
    return str(answer["MessageId"])


# --8<-- [end:task]


# --8<-- [start:fifo]
@rules.register(task, event_type="stock-changed")
def pass_on(uow: UnitOfWork) -> Generator[Any, Any, None]:
    message = {"MessageBody": uow.event, "MessageGroupId": uow.event["partition_key"]}
    yield SendMessage(
        message,
        queue_url="https://sqs.eu-central-1.amazonaws.com/123456789012/stock.fifo",
    )


# --8<-- [end:fifo]
