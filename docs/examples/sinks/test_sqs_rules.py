from __future__ import annotations

from docs.examples.sinks.sqs_rules import rules
from powertools_stream.requests import SendMessage
from powertools_stream.testing import run, to_sqs_records


# --8<-- [start:task]
def test_a_label_is_asked_for() -> None:
    order = {"id": "o-1", "address": "12 Any Street", "carrier": "fast", "weight": 1.5}

    outcome = run(
        rules,
        to_sqs_records([{"type": "order-submitted", "order": order}]),
        responses={SendMessage: {"MessageId": "m-1"}},
    )

    (request,) = outcome.requests
    assert request.params["MessageBody"] == {
        "order_id": "o-1",
        "address": "12 Any Street",
    }
    assert request.params["MessageAttributes"] == {"carrier": "fast", "weight": 1.5}
    assert outcome.results[0].uow["result"] == "m-1"


# --8<-- [end:task]


def test_a_change_is_passed_on_in_the_group_of_its_item() -> None:
    changed = {"id": "e-1", "type": "stock-changed", "partition_key": "item-1"}

    (request,) = run(rules, to_sqs_records([changed])).requests

    assert request.params["MessageGroupId"] == "item-1"
    assert request.params["MessageBody"]["id"] == "e-1"
