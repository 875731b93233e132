from __future__ import annotations

from docs.examples.flavors.sqs_rules import rules
from powertools_stream.flavors import sqs
from powertools_stream.testing import drive, run, to_sqs_records


def test_each_line_of_goods_is_a_message() -> None:
    lines = [
        {"kind": "goods", "id": 1},
        {"kind": "service", "id": 2},
        {"kind": "goods", "id": 3},
    ]

    outcome = run(
        rules,
        to_sqs_records(
            [{"type": "order-submitted", "order": {"id": "o-1", "lines": lines}}]
        ),
    )

    assert [
        request.params["MessageBody"]["line"]["id"] for request in outcome.requests
    ] == [1, 3]


# --8<-- [start:related]
def test_what_was_paid_is_refunded() -> None:
    cancelled = {"id": "e-1", "type": "order-cancelled", "order": {"id": "o-1"}}
    payments = {
        "Responses": {
            "orders": [{"pk": "o-1", "sk": "payment", "amount": 440, "customer": "c-1"}]
        }
    }

    outcome = drive(
        sqs, {"event": cancelled}, rules["refund"], [payments, {"MessageId": "m-1"}]
    )

    _, send = outcome.requests
    assert send.params["MessageBody"] == {"id": "e-1", "amount": 440}
    assert send.params["MessageGroupId"] == "c-1"
    assert outcome.result["send_response"] == {"MessageId": "m-1"}


# --8<-- [end:related]


def test_what_was_not_paid_is_not_refunded() -> None:
    cancelled = {"id": "e-1", "type": "order-cancelled", "order": {"id": "o-1"}}

    outcome = drive(
        sqs, {"event": cancelled}, rules["refund"], [{"Responses": {"orders": []}}]
    )

    assert len(outcome.requests) == 1


def test_each_label_is_asked_of_its_carrier() -> None:
    packed = {
        "type": "order-packed",
        "parcels": [{"carrier": "fast"}, {"carrier": "cheap"}],
    }

    outcome = run(rules, to_sqs_records([packed]))

    assert [request.queue_url.rpartition("/")[2] for request in outcome.requests] == [
        "labels-fast",
        "labels-cheap",
    ]
