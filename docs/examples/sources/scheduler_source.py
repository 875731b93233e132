from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from powertools_stream import RuleRegistry, UnitOfWork, stream_processor
from powertools_stream.flavors import task
from powertools_stream.sources import ScheduleSource

rules = RuleRegistry()
report_rules = RuleRegistry()


# --8<-- [start:handler]
@rules.register(
    task,
    event_type="Scheduled Event",
    event_pattern={"schedule": ["default/nightly"]},
    emit="day-closed",
)
def close_day(uow: UnitOfWork) -> dict[str, Any]:
    return {"closed_at": uow.event["timestamp"]}


@stream_processor(rules=rules)
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """A schedule invokes the function asynchronously, and ignores the response."""


# --8<-- [end:handler]


# --8<-- [start:input]
@report_rules.register(task, event_type="report-due", emit="report-requested")
def request_report(uow: UnitOfWork) -> dict[str, Any]:
    return {"days": uow.event["days"]}


@stream_processor(rules=report_rules, source=ScheduleSource())
def report_handler(event: dict[str, Any], context: LambdaContext) -> None:
    """Without source=…, a schedule's custom input belongs to no known source."""


# --8<-- [end:input]
