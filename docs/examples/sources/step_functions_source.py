from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from powertools_stream import RuleRegistry, UnitOfWork, stream_processor
from powertools_stream.flavors import materialize

rules = RuleRegistry()


# --8<-- [start:handler]
@rules.register(materialize, event_type="order-created", table_name="orders")
def save_order(uow: UnitOfWork) -> dict[str, Any]:
    return {
        "Key": {"pk": uow.event["id"]},
        "UpdateExpression": "SET #total = :total, #from = :from",
        "ExpressionAttributeNames": {"#total": "total", "#from": "backfilled_by"},
        "ExpressionAttributeValues": {
            ":total": uow.event["total"],
            ":from": uow.record["BatchInput"]["execution"],
        },
    }


@stream_processor(rules=rules)
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """The Distributed Map state of backfill.asl.json invokes the function."""


# --8<-- [end:handler]
