from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.batch import EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from powertools_stream import RuleRegistry, StreamProcessor, UnitOfWork
from powertools_stream.flavors import task

rules = RuleRegistry()


@rules.register(task, event_type="order-created")
def accept_order(uow: UnitOfWork) -> dict[str, Any]:
    return {"total": sum(line["price"] for line in uow.event["order"]["lines"])}


processor = StreamProcessor(EventType.SQS, rules=rules)


def record_handler(record: SQSRecord) -> None:
    """The code that has not moved into a rule yet."""
    if "order" not in record.json_body:
        raise ValueError("Expected an order.")


def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    return process_partial_response(
        event=event, record_handler=record_handler, processor=processor, context=context
    )
