from __future__ import annotations

from typing import Any

from powertools_stream import RuleRegistry, UnitOfWork
from powertools_stream.flavors import cdc
from powertools_stream.matching import changed

rules = RuleRegistry()


# --8<-- [start:to_event]
@rules.register(
    cdc,
    event_type=["order-created", "order-updated"],
    filters=[changed("status", to="PAID")],
)
def order_paid(uow: UnitOfWork) -> dict[str, Any]:
    order = uow.event["raw"]["new"]
    return {"type": "order-paid", "order": {"id": order["pk"], "total": order["total"]}}


# --8<-- [end:to_event]


# --8<-- [start:several]
@rules.register(cdc, event_type="basket-updated", include_raw=False)
def basket_changed(uow: UnitOfWork) -> list[dict[str, Any]]:
    old, new = uow.event["raw"]["old"], uow.event["raw"]["new"]
    added = [
        {"type": "product-added", "sku": sku}
        for sku in sorted(new["skus"] - old["skus"])
    ]
    return added + [
        {"type": "product-removed", "sku": sku}
        for sku in sorted(old["skus"] - new["skus"])
    ]


# --8<-- [end:several]


# --8<-- [start:related]
@rules.register(
    cdc,
    event_type="order-deleted",
    query_related=True,
    include_raw=False,
    table_name="orders",
)
def order_removed(uow: UnitOfWork) -> dict[str, Any]:
    return {"lines_left": [item["sk"] for item in uow["query_response"]]}


# --8<-- [end:related]
