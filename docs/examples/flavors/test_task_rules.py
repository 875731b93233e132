from __future__ import annotations

from docs.examples.flavors.task_rules import rules
from powertools_stream.flavors import task
from powertools_stream.testing import drive

EVENT = {
    "id": "e-1",
    "type": "order-created",
    "timestamp": 1700000000000,
    "partition_key": "o-1",
    "order": {"id": "o-1", "lines": [{"price": 300}, {"price": 20}, {"price": 120}]},
}


def test_an_accepted_order_is_published_with_its_total() -> None:
    outcome = drive(task, {"event": EVENT}, rules["accept_order"], [{"EventId": "1"}])

    (request,) = outcome.requests
    assert request.event["id"] == "e-1.accept_order"
    assert request.event["type"] == "order-accepted"
    assert request.event["total"] == 440


def test_each_expensive_line_is_published() -> None:
    outcome = drive(
        task,
        {"event": EVENT},
        rules["expensive_lines"],
        [{"EventId": "1"}, {"EventId": "2"}],
    )

    assert [request.event["id"] for request in outcome.requests] == [
        "e-1.expensive_lines.0",
        "e-1.expensive_lines.1",
    ]
    assert [result["emit"]["line"]["price"] for result in outcome.results] == [300, 120]


# --8<-- [start:requests]
def test_a_refund_is_requested_for_what_was_paid() -> None:
    payments = {
        "Responses": {"payments": [{"pk": "o-1", "sk": "payment", "amount": 440}]}
    }

    outcome = drive(
        task, {"event": EVENT}, rules["refund"], [payments, {"EventId": "1"}]
    )

    get, put = outcome.requests
    assert get.params == {"Keys": [{"pk": "o-1", "sk": "payment"}]}
    assert put.event["amount"] == 440


# --8<-- [end:requests]


def test_the_customer_is_told() -> None:
    outcome = drive(
        task, {"event": EVENT}, rules["tell_customer"], [{"MessageId": "m-1"}]
    )

    assert outcome.requests[0].params["MessageBody"]["order"] == "o-1"
    assert outcome.result["result"] == {"MessageId": "m-1"}
