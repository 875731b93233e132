from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from powertools_stream import FaultPolicy, RuleRegistry, UnitOfWork, stream_processor
from powertools_stream.expressions import timestamp_condition, update_expression
from powertools_stream.flavors import materialize

rules = RuleRegistry()


# --8<-- [start:handler]
@rules.register(
    materialize, event_type=["order-created", "order-shipped"], table_name="orders"
)
def keep_order(uow: UnitOfWork) -> dict[str, Any]:
    order = {**uow.event["order"], "timestamp": uow.event["timestamp"]}
    return {
        "Key": {"pk": uow.event["partition_key"], "sk": "order"},
        **update_expression(order),
        **timestamp_condition(),
    }


@stream_processor(rules=rules, on_fault=FaultPolicy.PUBLISH)
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """The decorator returns the response to Lambda."""


# --8<-- [end:handler]
