from __future__ import annotations

from powertools_stream import RuleRegistry, UnitOfWork
from powertools_stream.flavors import cdc, task

rules = RuleRegistry()


# --8<-- [start:rules]
@rules.register(
    task,
    event_type="order-created",
    event_pattern={"order": {"country": [{"prefix": "N"}]}},
)
def ship(uow: UnitOfWork) -> str:
    return str(uow.event["order"]["country"])


@rules.register(
    cdc,
    record_pattern={
        "eventName": ["INSERT"],
        "dynamodb": {"NewImage": {"status": {"S": ["COMPLETED"]}}},
    },
)
def completed(uow: UnitOfWork) -> dict[str, str]:
    return {"type": "work-completed"}


# --8<-- [end:rules]
