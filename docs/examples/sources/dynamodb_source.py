from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from powertools_stream import RuleRegistry, UnitOfWork, stream_processor
from powertools_stream.flavors import cdc, task
from powertools_stream.matching import changed
from powertools_stream.sources import DynamoDBSource

rules = RuleRegistry()


# --8<-- [start:handler]
@rules.register(cdc, event_type="order-updated", filters=[changed("status", to="PAID")])
def order_paid(uow: UnitOfWork) -> dict[str, Any]:
    order = uow.event["raw"]["new"]
    return {"type": "order-paid", "order": {"id": order["pk"], "total": order["total"]}}


@stream_processor(rules=rules, source=DynamoDBSource(ignore_ttl_expired=True))
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """The decorator returns the response to Lambda."""


# --8<-- [end:handler]


# --8<-- [start:record_pattern]
COMPLETED = {
    "eventName": ["INSERT"],
    "dynamodb": {"NewImage": {"status": {"S": ["COMPLETED"]}}},
}


@rules.register(task, event_type="order-created", record_pattern=COMPLETED)
def archive(uow: UnitOfWork) -> None: ...


# --8<-- [end:record_pattern]


# --8<-- [start:keys]
# The hash key is `site`, the sort key `date#event_type`, e.g. "2026-01-01#visit".
def entity(item: dict[str, Any]) -> str:
    return str(item["date#event_type"].split("#")[1])


visits = DynamoDBSource(pk="site", event_type_prefix=entity)
# --8<-- [end:keys]
