from __future__ import annotations

from collections.abc import Generator
from typing import Any

from powertools_stream import RuleRegistry, UnitOfWork
from powertools_stream.flavors import task
from powertools_stream.requests import PutDeliveryRecord

rules = RuleRegistry()


# --8<-- [start:task]
@rules.register(task, event_type=["order-created", "order-shipped"])
def archive(uow: UnitOfWork) -> Generator[Any, Any, None]:
    row = {
        "id": uow.event["id"],
        "type": uow.event["type"],
        "total": uow.event["order"]["total"],
    }
    yield PutDeliveryRecord({"Data": row}, delivery_stream_name="order-archive")


# --8<-- [end:task]
