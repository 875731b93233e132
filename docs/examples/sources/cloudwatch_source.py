from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from powertools_stream import RuleRegistry, UnitOfWork, stream_processor
from powertools_stream.flavors import task

rules = RuleRegistry()


# --8<-- [start:handler]
def is_in_alarm(uow: UnitOfWork) -> bool:
    return bool(uow.event["state"]["value"] == "ALARM")


@rules.register(
    task,
    event_type="CloudWatch Alarm State Change",
    filters=[is_in_alarm],
    emit="trouble-reported",
)
def report(uow: UnitOfWork) -> dict[str, Any]:
    return {"alarm": uow.event["alarmName"], "reason": uow.event["state"]["reason"]}


@stream_processor(rules=rules)
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """An alarm invokes the function asynchronously, and ignores the response."""


# --8<-- [end:handler]
