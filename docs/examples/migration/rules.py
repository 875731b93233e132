from __future__ import annotations

from typing import Any

from powertools_stream import stream_processor
from powertools_stream.expressions import timestamp_condition, update_expression
from powertools_stream.flavors import collect, materialize, task


def to_update_request(uow: dict[str, Any]) -> dict[str, Any]:
    order = uow["event"]["order"]
    return {
        "Key": {"pk": order["id"], "sk": "order"},
        **update_expression(
            {
                "status": order["status"],
                "timestamp": uow["event"]["timestamp"],
                "ttl": uow["event"]["timestamp"] // 1000 + 33 * 86_400,
            }
        ),
        **timestamp_condition(),
    }


# --8<-- [start:rules]
RULES: list[dict[str, Any]] = [
    {
        "id": "collect-orders",
        "flavor": collect,
        "event_type": ["order-created", "order-paid"],
        "correlation_key": "order.id",
        "ttl": 11,
    },
    {
        "id": "order-view",
        "flavor": materialize,
        "event_type": "order-created",
        "filters": [lambda uow, rule: uow["event"]["order"]["status"] == "OPEN"],
        "to_update_request": to_update_request,
    },
    {
        "id": "accept-order",
        "flavor": task,
        "event_type": "order-created",
        "execute": lambda uow, rule: uow["event"]["order"]["status"],
        "emit": lambda uow, rule, template: {
            **template,
            "type": "order-accepted",
            "status": uow["result"],
        },
    },
]
# --8<-- [end:rules]


# --8<-- [start:handler]
@stream_processor(RULES)
def handler(event: dict[str, Any], context: Any) -> None:
    """The decorator returns the partial batch response to Lambda."""


# --8<-- [end:handler]
