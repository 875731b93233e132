from __future__ import annotations

from typing import Any

from powertools_stream import (
    RuleRegistry,
    StreamProcessor,
    UnitOfWork,
    stream_processor,
)
from powertools_stream.checkpoints import DynamoDBCheckpointStore
from powertools_stream.flavors import task

rules = RuleRegistry()
labels: list[str] = []
mails: list[str] = []


@rules.register(task, event_type="order-paid")
def print_label(uow: UnitOfWork) -> None:
    labels.append(uow.event["id"])


@rules.register(task, event_type="order-paid")
def send_mail(uow: UnitOfWork) -> None:
    mails.append(uow.event["customer"]["email"])


# --8<-- [start:handler]
processor = StreamProcessor(
    rules=rules, checkpoint=DynamoDBCheckpointStore("checkpoints")
)


@stream_processor(processor=processor)
def handler(event: dict[str, Any], context: Any) -> None: ...


# --8<-- [end:handler]
