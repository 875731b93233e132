"""Listens to a queue behind the bus: records the outcome of each order once."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from powertools_stream import (
    RuleRegistry,
    StreamProcessor,
    UnitOfWork,
    stream_processor,
)
from powertools_stream.expressions import pk_condition
from powertools_stream.flavors import task
from powertools_stream.requests import PutItem

from .calls import CallCounter

OUTCOMES = {"order-ready": "ready", "order-created-expired": "expired"}

Put = Generator[PutItem, dict[str, Any], bool]

logger = Logger()
rules = RuleRegistry()


@rules.register(task, event_type=list(OUTCOMES))
def settle_order(uow: UnitOfWork) -> Put:
    order = uow.event["order"]
    return (
        yield from _put_once(
            {
                "pk": order["id"],
                "sk": "order",
                "status": OUTCOMES[uow.event["type"]],
                **order,
            }
        )
    )


@rules.register(task, event_type="customer-became-regular")
def welcome_regular(uow: UnitOfWork) -> Put:
    return (yield from _put_once({"pk": uow.event["customer"]["id"], "sk": "regular"}))


def _put_once(row: dict[str, Any]) -> Put:
    """Put a row unless it exists; return whether it was put. First outcomes stay."""
    response = yield PutItem({"Item": row, **pk_condition()})
    return bool(response)  # empty: the condition failed


calls = (
    CallCounter()
)  # for the tables at the end of the demo; a real service does not need it
processor = StreamProcessor(rules=rules, logger=logger, observers=[calls])


@logger.inject_lambda_context
@stream_processor(processor=processor)
def handler(event: dict[str, Any], context: LambdaContext) -> None: ...
