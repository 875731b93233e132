from __future__ import annotations

from typing import Any

from powertools_stream import RuleRegistry, UnitOfWork
from powertools_stream.flavors import evaluate

rules = RuleRegistry()


# --8<-- [start:ready]
def order_ready(uow: UnitOfWork, template: dict[str, Any]) -> dict[str, Any]:
    # One id for each order, whichever of its events came last, and however often.
    return {
        **template,
        "type": "order-ready",
        "id": f"order-ready.{template['partition_key']}",
    }


@rules.register(
    evaluate,
    event_type=["order-created", "payment-authorized"],
    filters=[lambda uow: uow["meta"]["correlation"]],
    emit=order_ready,
    table_name="events",
)
def both_are_there(uow: UnitOfWork) -> bool:
    types = {event["type"] for event in uow["correlated"]}
    return types == {"order-created", "payment-authorized"}


# --8<-- [end:ready]


# --8<-- [start:triggers]
@rules.register(
    evaluate,
    event_type="order-created",
    correlation_key_suffix="loyalty",
    emit=lambda uow, template: {
        **template,
        "type": "third-order",
        "id": uow["triggers"][-1]["id"] + ".third",
    },
    table_name="events",
)
def first_three(uow: UnitOfWork) -> list[dict[str, Any]]:
    orders = uow["correlated"][::-1]
    return orders[:3] if len(orders) >= 3 else []


# --8<-- [end:triggers]


# --8<-- [start:simple]
rules.add(
    id="large_orders",
    flavor=evaluate,
    event_type="order-created",
    filters=[
        lambda uow: uow.event["total"] > 1000,
        lambda uow: not uow["meta"]["correlation"],
    ],
    emit="large-order-placed",
)
# --8<-- [end:simple]
