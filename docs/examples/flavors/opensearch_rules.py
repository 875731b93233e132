from __future__ import annotations

from typing import Any

from powertools_stream import RuleRegistry, UnitOfWork
from powertools_stream.flavors import opensearch

rules = RuleRegistry()


# --8<-- [start:index]
@rules.register(opensearch, event_type=["product-created", "product-updated"])
def index_product(uow: UnitOfWork) -> dict[str, Any]:
    product = uow.event["product"]
    return {
        "index": "products",
        "id": product["id"],
        "body": {"name": product["name"], "price": product["price"]},
        # An event that arrives late does not overwrite a newer one.
        "version": uow.event["timestamp"],
        "version_type": "external",
    }


# --8<-- [end:index]


# --8<-- [start:others]
@rules.register(opensearch, event_type="product-deleted")
def forget_product(uow: UnitOfWork) -> dict[str, Any]:
    return {"index": "products", "id": uow.event["product"]["id"], "op_type": "delete"}


@rules.register(opensearch, event_type="product-rated")
def rate_product(uow: UnitOfWork) -> dict[str, Any]:
    return {
        "index": "products",
        "id": uow.event["product"]["id"],
        "doc": {"rating": uow.event["rating"]},
        "doc_as_upsert": True,
    }


# --8<-- [end:others]


# --8<-- [start:split]
@rules.register(
    opensearch,
    event_type="order-placed",
    split_on="event.order.lines",
    split_target_field="line",
)
def index_lines(uow: UnitOfWork) -> dict[str, Any]:
    order, line = uow.event["order"], uow["line"]
    return {
        "index": "order-lines",
        "id": f"{order['id']}.{line['number']}",
        "body": line,
    }


# --8<-- [end:split]
