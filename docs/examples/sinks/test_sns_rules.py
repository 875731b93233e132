from __future__ import annotations

from docs.examples.sinks.sns_rules import rules
from powertools_stream.requests import PublishMessage
from powertools_stream.testing import run, to_sqs_records


# --8<-- [start:task]
def test_a_shipped_order_is_announced() -> None:
    order = {"id": "o-1", "total": 440, "regions": ["eu", "us"]}

    outcome = run(
        rules,
        to_sqs_records([{"id": "e-1", "type": "order-shipped", "order": order}]),
        responses={PublishMessage: {"MessageId": "m-1"}},
    )

    (request,) = outcome.requests
    assert request.params["Subject"] == "Order o-1 is on its way"
    assert request.params["MessageAttributes"] == {
        "type": "order-shipped",
        "total": 440,
        "regions": ["eu", "us"],
    }
    assert outcome.results[0].uow["result"] == "m-1"


# --8<-- [end:task]


def test_a_text_message_goes_to_the_phone() -> None:
    delivery = {"phone": "+12065550100", "time": "10:30"}

    (request,) = run(
        rules, to_sqs_records([{"type": "delivery-announced", "delivery": delivery}])
    ).requests

    assert request.params == {
        "PhoneNumber": "+12065550100",
        "Message": "We come at 10:30.",
    }
