from __future__ import annotations

from typing import Any

from powertools_stream import RuleRegistry, UnitOfWork
from powertools_stream.expressions import pk_condition
from powertools_stream.flavors import collect

rules = RuleRegistry()

# --8<-- [start:collect]
rules.add(
    id="collect_orders",
    flavor=collect,
    event_type="order-created",
    correlation_key="order.id",
    expire=True,
    ttl=3,
    table_name="events",
)


@rules.register(collect, event_type="payment-authorized", table_name="events")
def collect_payments(uow: UnitOfWork) -> str:
    return str(uow.event["payment"]["order_id"])


# --8<-- [end:collect]


# --8<-- [start:own]
def first_only(uow: UnitOfWork) -> dict[str, Any]:
    item = {
        "pk": uow["key"],
        "sk": "EVENT",
        "discriminator": "EVENT",
        "event": uow.event,
    }
    return {"Item": item, **pk_condition()}


rules.add(
    id="collect_first_visit",
    flavor=collect,
    event_type="page-visited",
    correlation_key="visitor.id",
    to_put_request=first_only,
    table_name="visits",
)
# --8<-- [end:own]
