from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from powertools_stream import RuleRegistry, UnitOfWork, stream_processor
from powertools_stream.flavors import task

rules = RuleRegistry()


# --8<-- [start:handler]
@rules.register(task, event_type="order-created", emit="order-accepted")
def accept_order(uow: UnitOfWork) -> dict[str, Any]:
    return {"total": uow.event["total"], "topic": uow.record["Sns"]["TopicArn"]}


@stream_processor(rules=rules)
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """SNS invokes the function asynchronously, and ignores the response."""


# --8<-- [end:handler]
