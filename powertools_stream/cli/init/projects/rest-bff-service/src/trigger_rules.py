"""Publishes what commands have written as domain events. What the listener has written is latched, and is left out."""

from typing import Any

from powertools_stream import RuleRegistry, UnitOfWork
from powertools_stream.flavors import cdc
from powertools_stream.matching import changed

rules = RuleRegistry()


# Without the images: other services see the order, not how it is stored.
@rules.register(cdc, event_type="order-created", include_raw=False)
def order_submitted(uow: UnitOfWork) -> dict[str, Any]:
    row = uow.event["raw"]["new"]
    order = {"id": row["pk"], "customer": row["customer"], "lines": row["lines"], "total": row["total"]}
    return {"type": "order-submitted", "order": order}


@rules.register(cdc, event_type="order-updated", filters=[changed("payment")], include_raw=False)
def order_paid(uow: UnitOfWork) -> dict[str, Any]:
    row = uow.event["raw"]["new"]
    return {"type": "order-paid", "order": {"id": row["pk"], "payment": row["payment"]}}
