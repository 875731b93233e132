from __future__ import annotations

from typing import Any

from docs.examples.getting_started.handler import rules
from powertools_stream import RuleRegistry, UnitOfWork
from powertools_stream.flavors import task
from powertools_stream.testing import (
    run,
    to_dynamodb_records,
    to_kinesis_records,
    to_sqs_records,
)

changes = RuleRegistry()

ORDER = {"type": "order-created", "order": {"lines": [{"price": 3}]}}


# --8<-- [start:sqs]
def test_a_message_is_accepted() -> None:
    outcome = run(rules, to_sqs_records([ORDER]))

    assert [event["total"] for event in outcome.events] == [3]


# --8<-- [end:sqs]
# --8<-- [start:kinesis]
def test_a_record_of_a_stream_is_accepted() -> None:
    outcome = run(rules, to_kinesis_records([ORDER]))

    assert [event["total"] for event in outcome.events] == [3]


# --8<-- [end:kinesis]
# --8<-- [start:dynamodb]
@changes.register(task, event_type="order-created", emit="order-accepted")
def accept_row(uow: UnitOfWork) -> dict[str, Any]:
    return {"total": uow.event["raw"]["new"]["total"]}


def test_a_new_row_is_accepted() -> None:
    row = {"pk": "o-1", "sk": "order", "discriminator": "order", "total": 3}

    outcome = run(changes, to_dynamodb_records([{"new_image": row}]))

    assert [event["total"] for event in outcome.events] == [3]


# --8<-- [end:dynamodb]
