"""Two rules for a paid order. One expects that each customer has an e-mail address."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.utilities.typing import LambdaContext

from powertools_stream import (
    RuleRegistry,
    StreamProcessor,
    UnitOfWork,
    stream_processor,
)
from powertools_stream.checkpoints import DynamoDBCheckpointStore
from powertools_stream.flavors import task
from powertools_stream.local import Handler
from powertools_stream.sources import SQSSource

logger = Logger(service="orders")
metrics = Metrics(namespace="Shop", service="orders")
rules = RuleRegistry()


# --8<-- [start:rules]
@rules.register(task, event_type="order-paid")
def print_label(uow: UnitOfWork) -> None:
    logger.info("Label printed")  # stands for a printer


@rules.register(task, event_type="order-paid", emit="receipt-sent")
def send_receipt(uow: UnitOfWork) -> dict[str, Any]:
    to = uow.event["customer"]["email"]
    logger.info("Receipt written")
    return {"to": to}


# --8<-- [end:rules]


# --8<-- [start:handler]
def handler_of(rules: RuleRegistry) -> Handler:
    processor = StreamProcessor(
        rules=rules,
        source=SQSSource(max_receive_count=3),  # as the queue's redrive policy says
        raise_on_entire_batch_failure=False,
        logger=logger,
        metrics=metrics,
        checkpoint=DynamoDBCheckpointStore("checkpoints"),
        checkpoint_key="event",  # a message that is redriven has a new id
    )

    @logger.inject_lambda_context
    @metrics.log_metrics
    @stream_processor(processor=processor)
    def handler(event: dict[str, Any], context: LambdaContext) -> None: ...

    return handler


handler = handler_of(rules)
# --8<-- [end:handler]
