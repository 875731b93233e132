from __future__ import annotations

from powertools_stream import RuleRegistry, UnitOfWork
from powertools_stream.flavors import correlate

rules = RuleRegistry()

# --8<-- [start:correlate]
rules.add(
    id="by_order",
    flavor=correlate,
    event_type=["order-created", "payment-authorized"],
    correlation_key="order.id",
    table_name="events",
)


@rules.register(
    correlate,
    event_type="order-created",
    correlation_key_suffix="loyalty",
    ttl=365,
    table_name="events",
)
def by_customer(uow: UnitOfWork) -> str:
    return str(uow.event["order"]["customer"])


# --8<-- [end:correlate]
