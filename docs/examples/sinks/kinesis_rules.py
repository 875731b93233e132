from __future__ import annotations

from collections.abc import Generator
from typing import Any

from powertools_stream import RuleRegistry, UnitOfWork
from powertools_stream.flavors import task
from powertools_stream.requests import PutRecord

rules = RuleRegistry()


# --8<-- [start:task]
@rules.register(task, event_type="order-shipped")
def forward(uow: UnitOfWork) -> Generator[Any, Any, str]:
    answer = yield PutRecord({"Data": uow.event}, stream_name="shipments")
    return str(answer["SequenceNumber"])


# --8<-- [end:task]


# --8<-- [start:unordered]
@rules.register(task, event_type="page-viewed", ordered=False)
def count_views(uow: UnitOfWork) -> Generator[Any, Any, None]:
    view = {"page": uow.event["page"], "timestamp": uow.event["timestamp"]}
    yield PutRecord(
        {"Data": view, "PartitionKey": uow.event["page"]},
        stream_name="views",
        ordered=False,
    )


# --8<-- [end:unordered]
