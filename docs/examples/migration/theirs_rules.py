from __future__ import annotations

import logging
from typing import Any

from aws_lambda_stream.events.kinesis import from_kinesis
from aws_lambda_stream.flavors.collect import collect
from aws_lambda_stream.flavors.materialize import materialize
from aws_lambda_stream.flavors.task import task
from aws_lambda_stream.pipelines import StreamPipeline, initialize_from
from aws_lambda_stream.utils.dynamodb import timestamp_condition, update_expression
from aws_lambda_stream.utils.opt import DEFAULT_OPTIONS
from aws_lambda_stream.utils.time import ttl


def to_update_request(uow: dict[str, Any]) -> dict[str, Any]:
    order = uow["event"]["order"]
    return {
        "Key": {"pk": order["id"], "sk": "order"},
        **update_expression(
            {
                "status": order["status"],
                "timestamp": uow["event"]["timestamp"],
                "ttl": ttl(uow["event"]["timestamp"], 33),
            }
        ),
        **timestamp_condition(),
    }


# --8<-- [start:rules]
RULES = [
    {
        "id": "collect-orders",
        "flavor": collect,
        "event_type": ["order-created", "order-paid"],
        "correlation_key": "order.id",
        "default_ttl": 11,
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
def handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    StreamPipeline(
        initialize_from(RULES), {**DEFAULT_OPTIONS, "logger": logging.getLogger()}
    ).assemble(from_kinesis(event))
    return {"statusCode": 200}


# --8<-- [end:handler]
