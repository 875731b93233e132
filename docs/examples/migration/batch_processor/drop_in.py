from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.utilities.batch import EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from powertools_stream import StreamProcessor

processor = StreamProcessor(event_type=EventType.SQS)
tracer = Tracer()
logger = Logger()


@tracer.capture_method
def record_handler(record: SQSRecord) -> Any:
    payload: dict[str, Any] = record.json_body
    if payload["type"] == "order-created":
        return sum(line["price"] for line in payload["order"]["lines"])
    if payload["type"] == "order-cancelled":
        logger.info("Cancelled", order=payload["order"]["id"])
    return None


@logger.inject_lambda_context
@tracer.capture_lambda_handler
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> Any:
    return process_partial_response(
        event=event, record_handler=record_handler, processor=processor, context=context
    )
