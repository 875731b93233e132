from __future__ import annotations

from typing import Any

from powertools_stream import RuleRegistry, UnitOfWork
from powertools_stream.expressions import timestamp_condition, update_expression
from powertools_stream.flavors import materialize
from powertools_stream.requests import PutObject

rules = RuleRegistry()


# --8<-- [start:view]
@rules.register(materialize, event_type="order-accepted", table_name="orders")
def keep_order(uow: UnitOfWork) -> dict[str, Any]:
    item = {
        "total": uow.event["total"],
        "timestamp": uow.event["timestamp"],
        "latched": True,
    }
    return {
        "Key": {"pk": uow.event["partition_key"], "sk": "order"},
        **update_expression(item),
        **timestamp_condition(),
    }


# --8<-- [end:view]


# --8<-- [start:fallback]
def count_late_one(uow: UnitOfWork) -> dict[str, Any]:
    return {
        "Key": uow["update_request"]["Key"],
        **update_expression({"late": uow.event["timestamp"]}),
    }


@rules.register(
    materialize,
    event_type="order-created",
    split_on="event.order.lines",
    to_fallback_update_request=count_late_one,
    table_name="lines",
)
def keep_line(uow: UnitOfWork) -> dict[str, Any]:
    line = {"price": uow["split"]["price"], "timestamp": uow.event["timestamp"]}
    return {
        "Key": {"pk": uow["split"]["id"]},
        **update_expression(line),
        **timestamp_condition(),
    }


# --8<-- [end:fallback]


# --8<-- [start:elsewhere]
@rules.register(materialize, event_type="order-invoiced")
def keep_invoice(uow: UnitOfWork) -> PutObject:
    invoice = uow.event["invoice"]
    return PutObject(
        {"Key": f"invoices/{invoice['id']}.json", "Body": invoice},
        bucket_name="documents",
    )


# --8<-- [end:elsewhere]
