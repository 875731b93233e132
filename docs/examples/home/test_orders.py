from __future__ import annotations

from docs.examples.home.orders import rules
from powertools_stream.testing import run, to_sqs_records


def test_one_order_is_accepted_and_a_broken_one_is_reported() -> None:
    order = {"lines": [{"price": 3}, {"price": 4}]}
    good = {"type": "order-created", "order": order}
    broken = {"type": "order-created", "order": {}}
    event = to_sqs_records([good, broken])

    outcome = run(rules, event)

    (accepted,) = outcome.events
    assert accepted["type"] == "order-accepted"
    assert accepted["total"] == 7
    (fault,) = outcome.faults
    assert fault.rule_id == "accept_order"
    assert repr(fault.error) == "KeyError('lines')"
    (failure,) = outcome.response["batchItemFailures"]
    assert failure["itemIdentifier"] == event["Records"][1]["messageId"]
