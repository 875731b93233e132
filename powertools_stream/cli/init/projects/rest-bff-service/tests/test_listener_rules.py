from contextlib import suppress
from typing import Any

import pytest
from powertools_stream.testing import run, to_eventbridge_envelope, to_sqs_records

from listener_rules import rules

FULFILLED = {
    "id": "order-fulfilled.o-1",
    "type": "order-fulfilled",
    "timestamp": 1_700_000_060_000,
    "partition_key": "o-1",
    "order": {"id": "o-1"},
}
EXPIRED = {**FULFILLED, "id": "1", "type": "order-submitted-expired"}


def from_the_bus(*events: dict[str, Any]) -> dict[str, Any]:
    return to_sqs_records([to_eventbridge_envelope(event) for event in events])


def apply(event: dict[str, Any], table: Any) -> str:
    """Make the update of an event, and return the status of the order after it."""
    (request,) = run(rules, from_the_bus(event)).requests
    with suppress(table.meta.client.exceptions.ConditionalCheckFailedException):
        table.update_item(**request.params)
    return str(table.get_item(Key={"pk": "o-1", "sk": "order"}).get("Item", {}).get("status"))


@pytest.mark.parametrize(
    ("before", "event", "after"),
    [
        ("submitted", EXPIRED, "expired"),
        ("paid", EXPIRED, "paid"),
        ("fulfilled", EXPIRED, "fulfilled"),
        ("paid", FULFILLED, "fulfilled"),
        ("fulfilled", FULFILLED, "fulfilled"),
    ],
)
def test_a_status_follows_from_the_one_before(before: str, event: dict[str, Any], after: str, table: Any) -> None:
    table.put_item(Item={"pk": "o-1", "sk": "order", "status": before})

    assert apply(event, table) == after


@pytest.mark.parametrize("event", [FULFILLED, EXPIRED])
def test_an_order_of_somebody_else_changes_nothing(event: dict[str, Any], table: Any) -> None:
    assert apply(event, table) == "None"
    assert table.scan()["Count"] == 0


def test_what_is_written_is_latched() -> None:
    (request,) = run(rules, from_the_bus(FULFILLED)).requests

    assert request.params["ExpressionAttributeValues"][":latched"] is True


def test_an_event_without_an_order_comes_again_and_the_others_do_not() -> None:
    poisoned = {**FULFILLED, "order": {}}

    outcome = run(rules, from_the_bus(poisoned, EXPIRED))

    assert len(outcome.response["batchItemFailures"]) == 1
    assert [fault.rule_id for fault in outcome.faults] == ["fulfil"]
