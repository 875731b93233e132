from __future__ import annotations

from collections.abc import Generator
from typing import Any

from powertools_stream import RuleRegistry, UnitOfWork
from powertools_stream.flavors import task
from powertools_stream.requests import (
    InvokeFunction,
    ListEventSourceMappings,
    UpdateEventSourceMapping,
)

rules = RuleRegistry()


# --8<-- [start:invoke]
@rules.register(task, event_type="parcel-registered", emit="postage-known")
def price_parcel(uow: UnitOfWork) -> Generator[Any, Any, dict[str, Any]]:
    response = yield InvokeFunction(
        {"FunctionName": "postage", "Payload": {"parcel": uow.event["parcel"]}}
    )
    return {"postage": response["Payload"]["amount"]}


# --8<-- [end:invoke]


# --8<-- [start:event]
@rules.register(task, event_type="parcel-delivered")
def print_receipt(uow: UnitOfWork) -> Generator[Any, Any, None]:
    yield InvokeFunction(
        {"FunctionName": "receipts", "InvocationType": "Event", "Payload": uow.event}
    )


# --8<-- [end:event]


# --8<-- [start:mappings]
@rules.register(task, event_type=["depot-closed", "depot-opened"])
def pause_depot(uow: UnitOfWork) -> Generator[Any, Any, None]:
    enabled = uow.event["type"] == "depot-opened"
    mappings = yield ListEventSourceMappings(
        {"FunctionName": f"depot-{uow.event['depot']}"}
    )
    yield [
        UpdateEventSourceMapping({"UUID": mapping["UUID"], "Enabled": enabled})
        for mapping in mappings
    ]


# --8<-- [end:mappings]
