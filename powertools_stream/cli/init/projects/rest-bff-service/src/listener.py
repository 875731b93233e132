"""Listens to the queue of events that other services publish about orders."""

from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.utilities.typing import LambdaContext
from powertools_stream import stream_processor

from listener_rules import rules

logger = Logger()
metrics = Metrics()


@logger.inject_lambda_context
@metrics.log_metrics
@stream_processor(rules, logger=logger, metrics=metrics)
def handler(event: dict[str, Any], context: LambdaContext) -> None: ...
