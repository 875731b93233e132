from __future__ import annotations

from collections.abc import Generator
from typing import Any

from powertools_stream import RuleRegistry, UnitOfWork
from powertools_stream.flavors import task
from powertools_stream.requests import PutEvent

rules = RuleRegistry()


# --8<-- [start:emit]
@rules.register(task, event_type="order-created", emit="order-accepted")
def accept_order(uow: UnitOfWork) -> dict[str, Any]:
    return {"total": sum(line["price"] for line in uow.event["lines"])}


# --8<-- [end:emit]


# --8<-- [start:request]
@rules.register(task, event_type="order-accepted")
def tell_the_auditors(uow: UnitOfWork) -> Generator[Any, Any, None]:
    event = {
        "id": f"{uow.event['id']}.audit",
        "type": "order-audit-requested",
        "timestamp": uow.event["timestamp"],
        "total": uow.event["total"],
    }
    yield PutEvent(
        event,
        bus_name="arn:aws:events:eu-central-1:111122223333:event-bus/audit",
        source="shop",
        resources=("arn:aws:dynamodb:eu-central-1:444455556666:table/orders",),
    )


# --8<-- [end:request]
