from __future__ import annotations

from docs.examples.sources.sqs_source import queue, rules
from powertools_stream.testing import run, to_sqs_records

ORDER = {"type": "order-created", "order": {"lines": [{"price": 3}]}}
BROKEN = {"type": "order-created", "order": {}}


# --8<-- [start:standard]
def test_a_message_that_fails_comes_back_alone() -> None:
    batch = to_sqs_records([ORDER, BROKEN, "not JSON"])
    _, broken, unreadable = (record["messageId"] for record in batch["Records"])

    outcome = run(rules, batch)

    assert [event["total"] for event in outcome.events] == [3]
    assert outcome.response == {
        "batchItemFailures": [
            {"itemIdentifier": broken},
            {"itemIdentifier": unreadable},
        ]
    }


# --8<-- [end:standard]


# --8<-- [start:fifo]
def test_the_rest_of_its_group_comes_back_with_it() -> None:
    groups = [(BROKEN, "customer-1"), (ORDER, "customer-2"), (ORDER, "customer-1")]
    batch = to_sqs_records(
        [{"body": body, "group_id": group} for body, group in groups], fifo=True
    )
    first, _, third = (record["messageId"] for record in batch["Records"])

    outcome = run(rules, batch)

    assert outcome.response == {
        "batchItemFailures": [{"itemIdentifier": first}, {"itemIdentifier": third}]
    }


# --8<-- [end:fifo]


# --8<-- [start:last]
def test_the_last_receive_is_told_of_whatever_the_reason() -> None:
    body = {"type": "payment-requested"}
    batch = to_sqs_records([{"body": body, "receive_count": count} for count in (1, 3)])

    outcome = run(rules, batch, source=queue)

    first, last = outcome.faults
    assert first.event is None
    assert last.event is not None
    assert last.event["attempt"] == 3


# --8<-- [end:last]
