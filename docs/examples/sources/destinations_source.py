from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from powertools_stream import RuleRegistry, UnitOfWork, stream_processor
from powertools_stream.flavors import task

rules = RuleRegistry()


# --8<-- [start:handler]
@rules.register(task, event_type="object-created", emit="order-imported")
def import_order(uow: UnitOfWork) -> dict[str, Any]:
    return {"key": uow.event["partition_key"]}


@stream_processor(rules=rules)
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """S3 invokes the function; what failed three times comes back by way of a queue."""


# --8<-- [end:handler]
