from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from powertools_stream import (
    RuleRegistry,
    StreamProcessor,
    UnitOfWork,
    stream_processor,
)
from powertools_stream.flavors import task

rules = RuleRegistry()
processor = StreamProcessor(rules=rules)


@rules.register(task, event_type="order-created")
def price(uow: UnitOfWork) -> int:
    return sum(line["price"] for line in uow.event["order"]["lines"])


@stream_processor(processor=processor)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return {
        "totals": [result.uow["result"] for result in processor.results],
        "failed": [fault.record_id for fault in processor.faults],
    }
