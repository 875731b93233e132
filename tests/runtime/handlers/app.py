"""A function that needs no AWS: it reads its context, and fails if an order says so."""

from __future__ import annotations

import os
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from powertools_stream import RuleRegistry, UnitOfWork, stream_processor
from powertools_stream.flavors import task

logger = Logger(service="under-test")
rules = RuleRegistry()
cold = True


@rules.register(task, event_type="order-created")
def price_order(uow: UnitOfWork) -> dict[str, Any]:
    if uow.event["order"].get("sleep"):
        import time

        time.sleep(uow.event["order"]["sleep"])
    return {"total": sum(line["price"] for line in uow.event["order"]["lines"])}


@logger.inject_lambda_context
@stream_processor(rules=rules, logger=logger)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    global cold
    was_cold, cold = cold, False
    return {
        "pid": os.getpid(),
        "cold": was_cold,
        "remaining": context.get_remaining_time_in_millis(),
        "function": context.function_name,
    }
