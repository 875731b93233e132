"""Listens to the stream: collects the events of the shop and of payments."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from powertools_stream import (
    FaultPolicy,
    RuleRegistry,
    StreamProcessor,
    stream_processor,
)
from powertools_stream.flavors import collect

from .calls import CallCounter

DAYS_TO_PAY = 3

logger = Logger()
rules = RuleRegistry()

# An order's row exists for as long as it may be paid. When it is removed, the trigger
# publishes order-created-expired.
rules.add(
    id="collect_orders",
    flavor=collect,
    event_type="order-created",
    correlation_key="order.id",
    ttl=DAYS_TO_PAY,
    expire=True,
)
rules.add(
    id="collect_payments",
    flavor=collect,
    event_type="payment-authorized",
    correlation_key="order.id",
)

calls = (
    CallCounter()
)  # for the tables at the end of the demo; a real service does not need it
# A failed record blocks its shard. PUBLISH sets it aside instead: a fault event carries
# it, and the shard moves on.
processor = StreamProcessor(
    rules=rules, logger=logger, on_fault=FaultPolicy.PUBLISH, observers=[calls]
)


@logger.inject_lambda_context
@stream_processor(processor=processor)
def handler(event: dict[str, Any], context: LambdaContext) -> None: ...
