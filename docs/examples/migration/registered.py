from __future__ import annotations

from typing import Any

from powertools_stream import RuleRegistry, UnitOfWork, stream_processor
from powertools_stream.expressions import timestamp_condition, update_expression
from powertools_stream.flavors import collect, materialize, task

# --8<-- [start:rules]
rules = RuleRegistry()

rules.add(
    id="collect-orders",
    flavor=collect,
    event_type=["order-created", "order-paid"],
    correlation_key="order.id",
    ttl=11,
)


@rules.register(
    materialize,
    id="order-view",
    event_type="order-created",
    filters=[lambda uow: uow.event["order"]["status"] == "OPEN"],
)
def view(uow: UnitOfWork) -> dict[str, Any]:
    order, timestamp = uow.event["order"], uow.event["timestamp"]
    row = {
        "status": order["status"],
        "timestamp": timestamp,
        "ttl": timestamp // 1000 + 33 * 86_400,
    }
    key = {"pk": order["id"], "sk": "order"}
    return {"Key": key, **update_expression(row), **timestamp_condition()}


@rules.register(
    task, id="accept-order", event_type="order-created", emit="order-accepted"
)
def accept(uow: UnitOfWork) -> dict[str, Any]:
    return {"status": uow.event["order"]["status"]}


# --8<-- [end:rules]


@stream_processor(rules)
def handler(event: dict[str, Any], context: Any) -> None:
    """The decorator returns the partial batch response to Lambda."""
