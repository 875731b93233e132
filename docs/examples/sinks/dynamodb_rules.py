from __future__ import annotations

from collections.abc import Generator
from typing import Any

from powertools_stream import RuleRegistry, UnitOfWork
from powertools_stream.expressions import update_expression
from powertools_stream.flavors import task
from powertools_stream.requests import GetItems, PutItem, Query, UpdateItem

rules = RuleRegistry()


# --8<-- [start:batched]
@rules.register(task, event_type="reading-taken")
def keep_reading(uow: UnitOfWork) -> Generator[Any, Any, None]:
    reading = uow.event["reading"]
    item = {
        "sensor": reading["sensor"],
        "taken_at": uow.event["timestamp"],
        "celsius": reading["celsius"],
    }
    yield PutItem({"Item": item}, table_name="readings", key=("sensor", "taken_at"))


# --8<-- [end:batched]


# --8<-- [start:reads]
@rules.register(task, event_type="order-created")
def reserve(uow: UnitOfWork) -> Generator[Any, Any, dict[str, Any]]:
    order = uow.event["order"]
    answer, holds = yield [
        GetItems(
            {"Keys": [{"pk": sku, "sk": "stock"} for sku in order["skus"]]},
            table_name="stock",
        ),
        Query(
            {
                "KeyConditionExpression": "#pk = :pk",
                "ExpressionAttributeValues": {":pk": order["customer"]},
                "IndexName": "holds",
            },
            table_name="stock",
        ),
    ]
    short = [item["pk"] for item in answer["Responses"]["stock"] if item["left"] == 0]
    response = yield UpdateItem(
        {
            "Key": {"pk": order["id"], "sk": "reservation"},
            **update_expression({"short": short or None, "holds": len(holds)}),
            "ConditionExpression": "attribute_not_exists(pk)",
        },
        table_name="stock",
    )
    return {"is_new": response != {}}


# --8<-- [end:reads]
