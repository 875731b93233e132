from __future__ import annotations

from typing import Any

import orjson

from powertools_stream import RuleRegistry, UnitOfWork, stream_processor
from powertools_stream.flavors import task

rules = RuleRegistry()


@rules.register(task, event_type="order-created")
def accept_order(uow: UnitOfWork) -> int:
    return len(uow.event["order"]["lines"])


@stream_processor(rules, decoder=orjson.loads)
def handler(event: dict[str, Any], context: Any) -> None: ...
