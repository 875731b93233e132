from __future__ import annotations

from typing import Any

from powertools_stream import RuleRegistry, UnitOfWork, stream_processor
from powertools_stream.expressions import update_expression
from powertools_stream.flavors import materialize, task

rules = RuleRegistry()


# --8<-- [start:rules]
@rules.register(task, event_type="order-created", emit="order-accepted")
def total(uow: UnitOfWork) -> dict[str, Any]:
    return {"total": sum(line["price"] for line in uow.event["order"]["lines"])}


@rules.register(materialize, event_type="order-created", table_name="orders")
def keep(uow: UnitOfWork) -> dict[str, Any]:
    order = uow.event["order"]
    return {"Key": {"pk": order["id"]}, **update_expression({"lines": order["lines"]})}


# --8<-- [end:rules]


@stream_processor(rules)
def lambda_handler(event: dict[str, Any], context: Any) -> None: ...
