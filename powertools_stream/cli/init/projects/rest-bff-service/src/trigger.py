"""Listens to the stream of the table."""

from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.utilities.typing import LambdaContext
from powertools_stream import FaultPolicy, stream_processor

from trigger_rules import rules

logger = Logger()
metrics = Metrics()


# A record that is reported holds up its shard. PUBLISH sets it aside: a fault event carries it, and the shard moves on.
@logger.inject_lambda_context
@metrics.log_metrics
@stream_processor(rules, logger=logger, metrics=metrics, on_fault=FaultPolicy.PUBLISH)
def handler(event: dict[str, Any], context: LambdaContext) -> None: ...
