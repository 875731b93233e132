from __future__ import annotations

from docs.examples.getting_started.handler import rules
from powertools_stream.testing import run, to_sqs_records


def test_an_order_is_accepted_with_its_total() -> None:
    event = to_sqs_records(
        [{"type": "order-created", "order": {"lines": [{"price": 3}, {"price": 4}]}}]
    )

    outcome = run(rules, event)

    (accepted,) = outcome.events
    assert (accepted["type"], accepted["total"]) == ("order-accepted", 7)
    assert outcome.response == {"batchItemFailures": []}


def test_an_order_without_lines_is_reported_and_the_next_one_is_accepted() -> None:
    event = to_sqs_records(
        [
            {"type": "order-created", "order": {}},
            {"type": "order-created", "order": {"lines": [{"price": 5}]}},
        ]
    )

    outcome = run(rules, event)

    (fault,) = outcome.faults
    assert (fault.rule_id, repr(fault.error)) == ("accept_order", "KeyError('lines')")
    assert outcome.response == {
        "batchItemFailures": [{"itemIdentifier": event["Records"][0]["messageId"]}]
    }
    assert [
        accepted["total"]
        for accepted in outcome.events
        if accepted["type"] == "order-accepted"
    ] == [5]


def test_an_async_function_is_awaited() -> None:
    event = to_sqs_records([{"type": "order-cancelled", "order": {"paid": 12}}])

    outcome = run(rules, event)

    assert outcome.events[0]["refund"] == 12
