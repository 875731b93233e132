from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.parser.models import SqsRecordModel
from pydantic import BaseModel, Json

from powertools_stream import RuleRegistry, UnitOfWork, stream_processor
from powertools_stream.flavors import task

rules = RuleRegistry()


# --8<-- [start:model]
class OrderCreated(BaseModel):
    type: str
    order_id: str
    total: float


# --8<-- [end:model]


# --8<-- [start:theirs]
class OrderRecord(SqsRecordModel):
    body: Json[OrderCreated]


processor = BatchProcessor(event_type=EventType.SQS, model=OrderRecord)


def record_handler(record: OrderRecord) -> float:
    return record.body.total * 1.19


def lambda_handler(event: dict[str, Any], context: Any) -> Any:
    return process_partial_response(
        event=event, record_handler=record_handler, processor=processor, context=context
    )


# --8<-- [end:theirs]


# --8<-- [start:ours]
@rules.register(task, event_type="order-created", event_model=OrderCreated)
def with_tax(uow: UnitOfWork) -> float:
    return float(uow.model.total * 1.19)


@stream_processor(rules)
def lambda_handler_here(event: dict[str, Any], context: Any) -> None: ...


# --8<-- [end:ours]
