"""Listens to the queue of fault events."""

from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.utilities.typing import LambdaContext
from powertools_stream import FaultPolicy, stream_processor

from monitor_rules import rules

logger = Logger()
metrics = Metrics()


# What fails here ends in the dead-letter queue. It is no fault event of its own, which would come back to here.
@logger.inject_lambda_context
@metrics.log_metrics
@stream_processor(rules, logger=logger, metrics=metrics, on_fault=FaultPolicy.REPORT)
def handler(event: dict[str, Any], context: LambdaContext) -> None: ...
