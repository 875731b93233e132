from __future__ import annotations

from typing import Any

from powertools_stream import RuleRegistry, UnitOfWork
from powertools_stream.expressions import update_expression
from powertools_stream.flavors import update
from powertools_stream.matching import changed

rules = RuleRegistry()


# --8<-- [start:update]
def orders_of_customer(uow: UnitOfWork) -> dict[str, Any]:
    return {
        "IndexName": "CustomerIndex",
        "KeyConditionExpression": "#customer = :customer",
        "ExpressionAttributeValues": {":customer": uow.event["partition_key"]},
    }


def products_of_order(uow: UnitOfWork) -> dict[str, Any]:
    return {"Keys": [{"pk": uow["query_response"]["product"], "sk": "product"}]}


@rules.register(
    update,
    event_type="customer-updated",
    filters=[changed("discount")],
    to_query_request=orders_of_customer,
    to_get_request=products_of_order,
    table_name="shop",
)
def reprice(uow: UnitOfWork) -> dict[str, Any]:
    order, (product,) = (
        uow["query_response"],
        uow["batch_get_response"]["Responses"]["shop"],
    )
    price = product["price"] - uow.event["raw"]["new"]["discount"]
    return {
        "Key": {"pk": order["pk"], "sk": "order"},
        **update_expression({"price": price}),
    }


# --8<-- [end:update]
