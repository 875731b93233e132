from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from powertools_stream import RuleRegistry, UnitOfWork, stream_processor
from powertools_stream.flavors import task

logger = Logger(service="orders")
rules = RuleRegistry()


@rules.register(task, event_type="order-created", emit="order-accepted")
def accept_order(uow: UnitOfWork) -> dict[str, Any]:
    lines = uow.event["order"]["lines"]
    return {"total": sum(line["price"] for line in lines)}


@logger.inject_lambda_context
@stream_processor(rules=rules, logger=logger)
def handler(event: dict[str, Any], context: LambdaContext) -> None: ...
