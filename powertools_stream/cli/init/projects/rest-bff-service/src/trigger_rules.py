"""Publishes what commands have written. What the listener has written is latched."""

from typing import Any

from powertools_stream import RuleRegistry, UnitOfWork
from powertools_stream.flavors import cdc
from powertools_stream.matching import changed

rules = RuleRegistry()


# Without the images: other services see the order, not how it is stored.
@rules.register(cdc, event_type="order-created", include_raw=False)
def order_submitted(uow: UnitOfWork) -> dict[str, Any]:
    row = uow.event["raw"]["new"]
    seen = {name: row[name] for name in ("customer", "lines", "total")}
    return {"type": "order-submitted", "order": {"id": row["pk"], **seen}}


@rules.register(
    cdc,
    event_type="order-updated",
    filters=[changed("payment")],
    include_raw=False,
)
def order_paid(uow: UnitOfWork) -> dict[str, Any]:
    row = uow.event["raw"]["new"]
    return {"type": "order-paid", "order": {"id": row["pk"], "payment": row["payment"]}}
