from typing import Any

from powertools_stream import FaultPolicy
from powertools_stream.testing import run, to_dynamodb_records

from trigger_rules import rules

SUBMITTED_AT = 1_700_000_000_000
SUBMITTED = {
    "pk": "o-1",
    "sk": "order",
    "discriminator": "order",
    "timestamp": SUBMITTED_AT,
    "awsregion": "eu-central-1",
    "status": "submitted",
    "customer": "c-1",
    "lines": [{"sku": "tea", "quantity": 2, "price": 450}],
    "total": 900,
}
PAYMENT = {"reference": "p-1", "amount": 900}
PAID = {**SUBMITTED, "timestamp": SUBMITTED_AT + 60_000, "status": "paid", "payment": PAYMENT}


def changes(*images: tuple[dict[str, Any] | None, dict[str, Any]]) -> dict[str, Any]:
    records = [{"old_image": old, "new_image": new} for old, new in images]
    return to_dynamodb_records(records, region="eu-central-1")


def test_commands_are_published() -> None:
    outcome = run(rules, changes((None, SUBMITTED), (SUBMITTED, PAID)))

    submitted, paid = outcome.events
    order = {"id": "o-1", "customer": "c-1", "lines": SUBMITTED["lines"], "total": 900}
    assert (submitted["type"], submitted["timestamp"], submitted["order"]) == ("order-submitted", SUBMITTED_AT, order)
    assert (paid["type"], paid["partition_key"]) == ("order-paid", "o-1")
    assert paid["order"] == {"id": "o-1", "payment": PAYMENT}
    assert "raw" not in submitted | paid


def test_what_the_listener_has_written_is_not() -> None:
    fulfilled = {**PAID, "status": "fulfilled", "latched": True}
    restored = {**SUBMITTED, "latched": True}

    outcome = run(rules, changes((PAID, fulfilled), (None, restored)))

    assert (outcome.events, outcome.faults) == ([], [])


def test_a_row_that_is_no_order_is_set_aside_and_holds_nothing_up() -> None:
    broken = {"pk": "o-0", "sk": "order", "discriminator": "order"}

    outcome = run(rules, changes((None, broken), (None, SUBMITTED)), on_fault=FaultPolicy.PUBLISH)

    assert outcome.response == {"batchItemFailures": []}
    assert [fault.rule_id for fault in outcome.faults] == ["order_submitted"]
    assert [event["order"]["id"] for event in outcome.events] == ["o-1"]
