from __future__ import annotations

from typing import Any

from powertools_stream import RuleRegistry, UnitOfWork
from powertools_stream.flavors import cdc
from powertools_stream.matching import changed

rules = RuleRegistry()


# --8<-- [start:to_event]
@rules.register(cdc, event_type=["order-created", "order-updated"], filters=[changed("status", to="PAID")])
def order_paid(uow: UnitOfWork) -> dict[str, Any]:
    order = uow.event["raw"]["new"]
    return {"type": "order-paid", "order": {"id": order["pk"], "total": order["total"]}}


# --8<-- [end:to_event]


# --8<-- [start:related]
@rules.register(cdc, event_type="order-deleted", query_related=True, include_raw=False, table_name="orders")
def order_removed(uow: UnitOfWork) -> dict[str, Any]:
    return {"lines_left": [item["sk"] for item in uow["query_response"]]}


# --8<-- [end:related]
