from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from powertools_stream import RuleRegistry, UnitOfWork
from powertools_stream.expressions import update_expression
from powertools_stream.flavors import materialize, task

rules = RuleRegistry()


@rules.register(task, event_type="order-created", emit="order-accepted")
def accept_order(uow: UnitOfWork) -> dict[str, Any]:
    return {"total": sum(line["price"] for line in uow.event["order"]["lines"])}


@rules.register(materialize, event_type="order-accepted", table_name="orders")
def keep_order(uow: UnitOfWork) -> Mapping[str, Any]:
    return {
        "Key": {"pk": uow.event["partition_key"], "sk": "order"},
        **update_expression({"total": uow.event["total"], "status": "ACCEPTED"}),
    }
