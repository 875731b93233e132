from __future__ import annotations

import os
from typing import Any

from powertools_stream import RuleRegistry, UnitOfWork
from powertools_stream.expressions import timestamp_condition, update_expression
from powertools_stream.flavors import materialize

rules = RuleRegistry()


# --8<-- [start:row]
@rules.register(materialize, event_type=["order-created", "order-deleted"])
def keep_order(uow: UnitOfWork) -> dict[str, Any]:
    order, timestamp = uow.event["order"], uow.event["timestamp"]
    row = {
        **{name: value for name, value in order.items() if name != "id"},
        "discriminator": "order",
        "last_modified_by": "system",
        "timestamp": timestamp,
        "deleted": True if uow.event["type"] == "order-deleted" else None,
        "latched": True,
        "ttl": timestamp // 1000 + 33 * 86_400,
        "awsregion": os.environ["AWS_REGION"],
    }
    key = {"pk": order["id"], "sk": "order"}
    return {"Key": key, **update_expression(row), **timestamp_condition()}


# --8<-- [end:row]
