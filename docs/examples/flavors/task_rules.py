from __future__ import annotations

from collections.abc import Generator
from typing import Any

from powertools_stream import RuleRegistry, UnitOfWork
from powertools_stream.flavors import task
from powertools_stream.requests import GetItems, SendMessage

rules = RuleRegistry()


# --8<-- [start:string]
@rules.register(task, event_type="order-created", emit="order-accepted")
def accept_order(uow: UnitOfWork) -> dict[str, Any]:
    return {
        "order_id": uow.event["order"]["id"],
        "total": sum(line["price"] for line in uow.event["order"]["lines"]),
    }


# --8<-- [end:string]


# --8<-- [start:emit]
def one_per_line(uow: UnitOfWork, template: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {**template, "type": "line-ordered", "line": line} for line in uow["result"]
    ]


@rules.register(task, event_type="order-created", emit=one_per_line)
def expensive_lines(uow: UnitOfWork) -> list[dict[str, Any]]:
    return [line for line in uow.event["order"]["lines"] if line["price"] > 100]


# --8<-- [end:emit]


# --8<-- [start:requests]
@rules.register(task, event_type="order-cancelled", emit="refund-requested")
def refund(uow: UnitOfWork) -> Generator[Any, Any, dict[str, Any]]:
    answer = yield GetItems(
        {"Keys": [{"pk": uow.event["order"]["id"], "sk": "payment"}]},
        table_name="payments",
    )
    (payment,) = answer["Responses"]["payments"]
    return {"amount": payment["amount"]}


# --8<-- [end:requests]


# --8<-- [start:returned]
@rules.register(task, event_type="order-shipped")
def tell_customer(uow: UnitOfWork) -> SendMessage:
    return SendMessage(
        {
            "MessageBody": {
                "order": uow.event["order"]["id"],
                "text": "It is on its way.",
            }
        }
    )


# --8<-- [end:returned]
