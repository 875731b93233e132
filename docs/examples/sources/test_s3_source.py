from __future__ import annotations

from docs.examples.sources.s3_source import rules
from powertools_stream.requests import GetObject
from powertools_stream.testing import (
    run,
    to_s3_records,
    to_sns_envelope,
    to_sqs_records,
)


# --8<-- [start:handler]
def test_an_order_that_is_put_is_received() -> None:
    event = to_s3_records(["2026/order 1.json", "2026/readme.txt"])

    outcome = run(rules, event, responses={GetObject: {"Body": b'{"total": 42}'}})

    assert outcome.requests[0] == GetObject(
        {"Key": "2026/order 1.json"}, bucket_name="orders"
    )
    assert [
        (published["type"], published["total"]) for published in outcome.events
    ] == [("order-received", 42)]


def test_it_does_not_matter_how_the_notification_comes() -> None:
    notification = to_s3_records(["2026/order 1.json"])

    outcome = run(
        rules,
        to_sqs_records([to_sns_envelope(notification)]),
        responses={GetObject: {"Body": b'{"total": 42}'}},
    )

    assert (
        outcome.events
        == run(
            rules, notification, responses={GetObject: {"Body": b'{"total": 42}'}}
        ).events
    )


# --8<-- [end:handler]
