"""Watches the table: publishes an event for each new order."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from powertools_stream import FaultPolicy, RuleRegistry, UnitOfWork, stream_processor
from powertools_stream.flavors import cdc

EUROS = {"EUR": 1.0, "CHF": 1.04, "GBP": 1.15, "USD": 0.86}

logger = Logger()
rules = RuleRegistry()


# A failed record blocks its shard. PUBLISH sets it aside instead: a fault event carries
# it, and the shard moves on.
@rules.register(
    cdc, event_type="order-created", on_fault=FaultPolicy.PUBLISH, include_raw=False
)
def announce_order(uow: UnitOfWork) -> dict[str, Any]:
    row = uow.event["raw"]["new"]
    return {
        "order": {
            "id": row["pk"],
            "total": row["total"],
            "euros": round(row["total"] * EUROS[row["currency"]]),
        }
    }


@logger.inject_lambda_context
@stream_processor(rules=rules, logger=logger)
def handler(event: dict[str, Any], context: LambdaContext) -> None: ...
