from __future__ import annotations

from typing import Any

from powertools_stream import (
    FaultPolicy,
    RuleRegistry,
    StreamProcessor,
    UnitOfWork,
    stream_processor,
)
from powertools_stream.flavors import task

rules = RuleRegistry()
processor = StreamProcessor(rules=rules, on_fault=FaultPolicy.PUBLISH)


@rules.register(task, event_type="order-created")
def accept(uow: UnitOfWork) -> dict[str, Any]:
    return {"accepted": uow.event["order"]["id"]}


@stream_processor(processor=processor)
def handler(event: dict[str, Any], context: Any) -> None:
    pass
