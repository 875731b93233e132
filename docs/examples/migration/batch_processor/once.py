from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)

from powertools_stream import RuleRegistry, StreamProcessor, UnitOfWork
from powertools_stream.flavors import task

rules = RuleRegistry()
store = DynamoDBPersistenceLayer(table_name="idempotency")
config = IdempotencyConfig(event_key_jmespath="messageId")
charges: list[float] = []


def take(order: dict[str, Any]) -> float:
    charges.append(order["total"])
    return float(order["total"])


# --8<-- [start:theirs]
processor = BatchProcessor(event_type=EventType.SQS)


@idempotent_function(
    data_keyword_argument="record", config=config, persistence_store=store
)
def record_handler(record: SQSRecord) -> dict[str, Any]:
    return {"charged": take(record.json_body["order"])}


def lambda_handler(event: dict[str, Any], context: Any) -> Any:
    config.register_lambda_context(context)
    return process_partial_response(
        event=event, record_handler=record_handler, processor=processor, context=context
    )


# --8<-- [end:theirs]


# --8<-- [start:ours]
@rules.register(task, event_type="order-paid", idempotent=True)
def charge(uow: UnitOfWork) -> dict[str, Any]:
    return {"charged": take(uow.event["order"])}


processor_here = StreamProcessor(rules=rules, idempotency_store=store)
# --8<-- [end:ours]
