from __future__ import annotations

from docs.examples.flavors.sns_rules import rules
from powertools_stream.flavors import sns
from powertools_stream.testing import drive, run, to_sqs_records


def test_a_shipped_order_is_announced() -> None:
    (request,) = run(
        rules, to_sqs_records([{"id": "e-1", "type": "order-shipped"}])
    ).requests

    assert request.topic_arn == "arn:aws:sns:eu-central-1:123456789012:orders"
    assert request.params["Message"]["id"] == "e-1"
    assert request.params["MessageAttributes"] == {"type": "order-shipped"}


# --8<-- [start:related]
def test_everyone_who_watches_an_item_is_told() -> None:
    event = {"id": "e-1", "type": "item-back-in-stock", "item": "i-1"}
    watchers = [{"mail": "ana@example.com"}, {"mail": "li@example.com"}]

    outcome = drive(
        sns,
        {"event": event},
        rules["tell_watchers"],
        [watchers, {"MessageId": "1"}, {"MessageId": "2"}],
    )

    query, *messages = outcome.requests
    assert query.params["ExpressionAttributeValues"] == {":pk": "watchers#i-1"}
    assert [message.params["Message"]["to"] for message in messages] == [
        "ana@example.com",
        "li@example.com",
    ]
    assert [result["publish_response"]["MessageId"] for result in outcome.results] == [
        "1",
        "2",
    ]


# --8<-- [end:related]
