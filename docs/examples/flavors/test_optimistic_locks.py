from __future__ import annotations

from docs.examples.flavors.optimistic_locks import rules
from powertools_stream.errors import RequestFailedError
from powertools_stream.testing import run, to_kinesis_records


def test_the_sequence_number_is_the_lock() -> None:
    event = {
        "id": "1",
        "type": "stock-counted",
        "timestamp": 5,
        "partition_key": "p-1",
        "count": 3,
    }

    (update,) = run(rules, to_kinesis_records([event])).requests

    assert (
        update.params["ConditionExpression"]
        == "attribute_not_exists(#sequence) OR #sequence < :sequence"
    )
    assert len(update.params["ExpressionAttributeValues"][":sequence"]) == 129


def test_a_second_reservation_of_an_order_is_a_fault() -> None:
    event = {
        "id": "2",
        "type": "stock-reserved",
        "timestamp": 5,
        "partition_key": "p-1",
        "order": "o-1",
        "amount": 3,
    }
    refused = RequestFailedError(
        "ConditionalCheckFailedException", "The conditional request failed"
    )

    outcome = run(rules, to_kinesis_records([event]), responses=lambda request: refused)

    (update,) = outcome.requests
    assert update.on_condition_failed == "fault"
    assert update.params["ExpressionAttributeValues"] == {":amount": 3, ":event": "2"}
    assert [fault.rule_id for fault in outcome.faults] == ["reserve"]
