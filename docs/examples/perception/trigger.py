"""Watches the table: publishes what was completed, is requested, and never came."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from powertools_stream import FaultPolicy, RuleRegistry, UnitOfWork, stream_processor
from powertools_stream.flavors import cdc
from powertools_stream.sources import DynamoDBSource

from .pipeline import Work

logger = Logger()
rules = RuleRegistry()


def described(event_type: str, row: dict[str, Any]) -> dict[str, Any]:
    """Return what a row's key says; the bus routes by the field ``module``."""
    work = Work.of_row(row)
    return {
        "type": event_type,
        "site": work.site,
        "date": work.date,
        "module": work.module,
        "sync": work.sync,
        "part": work.part,
    }


# --8<-- [start:completed]
@rules.register(
    cdc,
    record_pattern={
        "eventName": ["INSERT"],
        "dynamodb": {"NewImage": {"status": {"S": ["COMPLETED"]}}},
    },
    include_raw=False,
)
def completed(uow: UnitOfWork) -> dict[str, Any]:
    return described("module-completed", uow.event["raw"]["new"])


# --8<-- [end:completed]


@rules.register(
    cdc,
    record_pattern={
        "eventName": ["INSERT"],
        "dynamodb": {"NewImage": {"status": {"S": ["REQUESTED"]}}},
    },
    include_raw=False,
)
def requested(uow: UnitOfWork) -> dict[str, Any]:
    row = uow.event["raw"]["new"]
    return {**described("module-requested", row), "parts": row["parts"]}


# --8<-- [start:expired]
# An answered request is DONE: one that is REQUESTED when removed was never answered.
@rules.register(
    cdc,
    record_pattern={
        "eventName": ["REMOVE"],
        "userIdentity": {"principalId": ["dynamodb.amazonaws.com"]},
        "dynamodb": {"OldImage": {"status": {"S": ["REQUESTED"]}}},
    },
    include_raw=False,
)
def expired(uow: UnitOfWork) -> dict[str, Any]:
    return described("module-expired", uow.event["raw"]["old"])


# --8<-- [end:expired]


# Others write into this table. A row for which no event can be built does not block the
# stream: it is set aside.
@logger.inject_lambda_context
@stream_processor(
    rules=rules,
    source=DynamoDBSource(pk="site"),
    on_fault=FaultPolicy.PUBLISH,
    logger=logger,
)
def handler(event: dict[str, Any], context: LambdaContext) -> None: ...
