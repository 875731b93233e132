from orders import SUBMITTED_AT, Event, paid, submitted
from powertools_stream import FaultPolicy
from powertools_stream.testing import run, to_eventbridge_envelope, to_kinesis_records

from listener_rules import rules


def from_the_hub(*events: Event) -> Event:
    return to_kinesis_records([to_eventbridge_envelope(event) for event in events])


def test_events_of_an_order_are_stored_under_its_id() -> None:
    outcome = run(rules, from_the_hub(submitted(), paid()))

    rows = [request.params["Item"] for request in outcome.requests]
    assert [(row["pk"], row["sk"], row["data"]) for row in rows] == [
        ("o-1.submitted", "EVENT", "o-1"),
        ("o-1.paid.1", "EVENT", "o-1"),
    ]


def test_only_a_submitted_order_expires_after_three_days() -> None:
    outcome = run(rules, from_the_hub(submitted(), paid()))

    first, second = (request.params["Item"] for request in outcome.requests)
    assert (first["expire"], first["ttl"]) == (True, SUBMITTED_AT // 1000 + 3 * 24 * 60 * 60)
    assert "expire" not in second


def test_an_event_without_an_order_is_set_aside_and_holds_nothing_up() -> None:
    poisoned = {**submitted("o-1"), "order": {}}

    outcome = run(rules, from_the_hub(poisoned, submitted("o-2")), on_fault=FaultPolicy.PUBLISH)

    assert outcome.response == {"batchItemFailures": []}
    assert [fault.rule_id for fault in outcome.faults] == ["collect_submitted"]
    assert [request.params["Item"]["data"] for request in outcome.requests] == ["o-2"]
