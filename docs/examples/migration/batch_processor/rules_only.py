from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.utilities.typing import LambdaContext

from powertools_stream import RuleRegistry, UnitOfWork, stream_processor
from powertools_stream.flavors import task

rules = RuleRegistry()
tracer = Tracer()
logger = Logger()


@rules.register(task, event_type="order-created")
def total(uow: UnitOfWork) -> int:
    return sum(line["price"] for line in uow.event["order"]["lines"])


@rules.register(task, event_type="order-cancelled")
def cancel(uow: UnitOfWork) -> None:
    logger.info("Cancelled", order=uow.event["order"]["id"])


@logger.inject_lambda_context
@tracer.capture_lambda_handler
@stream_processor(rules, logger=logger, tracer=tracer)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> None:
    """The decorator returns the response to Lambda."""
