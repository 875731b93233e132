from __future__ import annotations

from typing import Any

from powertools_stream import RuleRegistry, UnitOfWork, stream_processor
from powertools_stream.expressions import timestamp_condition, update_expression
from powertools_stream.flavors import collect, materialize

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
    timestamp = uow.event["timestamp"]
    row = {
        "status": uow.event["order"]["status"],
        "timestamp": timestamp,
        "ttl": timestamp // 1000 + 33 * 86_400,
    }
    key = {"pk": uow.event["order"]["id"], "sk": "order"}
    return {"Key": key, **update_expression(row), **timestamp_condition()}


@stream_processor(rules)
def handle(event: dict[str, Any], context: Any) -> None:
    """The decorator returns the partial batch response to Lambda."""


# --8<-- [end:rules]
