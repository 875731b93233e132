from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from powertools_stream import RuleRegistry, UnitOfWork, stream_processor
from powertools_stream.flavors import task

rules = RuleRegistry()


# --8<-- [start:handler]
@rules.register(task, event_type="order-created", emit="order-accepted")
def accept_order(uow: UnitOfWork) -> dict[str, Any]:
    return {"total": uow.event["total"]}


@rules.register(task, event_type="GuardDuty Finding", emit="finding-received")
def receive_finding(uow: UnitOfWork) -> dict[str, Any]:
    # The finding has its own `id` and `type`, so all of it is available as `detail`.
    return {"finding": uow.event["detail"]["type"], "severity": uow.event["severity"]}


@stream_processor(rules=rules)
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """EventBridge invokes the function asynchronously, and ignores the response."""


# --8<-- [end:handler]
