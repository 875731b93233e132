from __future__ import annotations

from typing import Any

from powertools_stream import RuleRegistry, UnitOfWork
from powertools_stream.flavors import sns

rules = RuleRegistry()

TOPICS = "arn:aws:sns:eu-central-1:123456789012"


# --8<-- [start:to_sns]
@rules.register(sns, event_type="order-shipped", topic_arn=f"{TOPICS}:orders")
def announce(uow: UnitOfWork) -> dict[str, Any]:
    return {"Message": uow.event, "MessageAttributes": {"type": uow.event["type"]}}


# --8<-- [end:to_sns]


# --8<-- [start:related]
def watchers_of_item(uow: UnitOfWork) -> dict[str, Any]:
    return {
        "KeyConditionExpression": "#pk = :pk",
        "ExpressionAttributeNames": {"#pk": "pk"},
        "ExpressionAttributeValues": {":pk": f"watchers#{uow.event['item']}"},
    }


@rules.register(
    sns,
    event_type="item-back-in-stock",
    topic_arn=f"{TOPICS}:mails",
    table_name="shop",
    to_query_request=watchers_of_item,
)
def tell_watchers(uow: UnitOfWork) -> list[dict[str, Any]]:
    return [
        {
            "Message": {"to": watcher["mail"], "item": uow.event["item"]},
            "MessageAttributes": {"kind": "restock"},
        }
        for watcher in uow["query_response"]
    ]


# --8<-- [end:related]
