from __future__ import annotations

import asyncio
from typing import Any

from aws_lambda_powertools.utilities.batch import (
    AsyncBatchProcessor,
    EventType,
    async_process_partial_response,
)
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from powertools_stream import RuleRegistry, UnitOfWork, stream_processor
from powertools_stream.flavors import task

rules = RuleRegistry()

# --8<-- [start:theirs]
processor = AsyncBatchProcessor(event_type=EventType.SQS)


async def record_handler(record: SQSRecord) -> str:
    await asyncio.sleep(0)
    return str(record.json_body["order"]["id"])


def lambda_handler(event: dict[str, Any], context: Any) -> Any:
    return async_process_partial_response(
        event=event, record_handler=record_handler, processor=processor, context=context
    )


# --8<-- [end:theirs]


# --8<-- [start:ours]
@rules.register(task, event_type="order-created")
async def ship(uow: UnitOfWork) -> str:
    await asyncio.sleep(0)
    return str(uow.event["order"]["id"])


@stream_processor(rules)
def lambda_handler_here(event: dict[str, Any], context: Any) -> None: ...


# --8<-- [end:ours]
