from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from docs.examples.operations.resubmit.listener import handler, labels, receipts, rules
from powertools_stream import FaultPolicy
from powertools_stream.testing import run, to_kinesis_records


# --8<-- [start:set-aside]
def test_an_order_without_an_address_is_set_aside() -> None:
    paid = to_kinesis_records([{"type": "order-paid", "order": {"id": "1"}}])

    outcome = run(rules, paid, on_fault=FaultPolicy.PUBLISH)

    (fault,) = outcome.faults
    assert outcome.response == {"batchItemFailures": []}  # the shard moves on
    assert fault.event is not None
    assert fault.event["disposition"] == "set-aside"
    assert fault.event["event_source"] == "kinesis"
    assert (
        fault.event["uow"]["record"] == paid["Records"][0]
    )  # all that is needed to run the rule again


# --8<-- [end:set-aside]


# --8<-- [start:resubmitted]
def test_only_the_rule_that_failed_runs_once_more() -> None:
    paid = to_kinesis_records(
        [
            {"type": "order-paid", "order": {"id": "1", "email": "ada@example.com"}},
            {"type": "order-paid", "order": {"id": "2"}},  # still without one
        ]
    )
    hint = {"powertools_stream": {"resubmit": {"rules": ["send_receipt"]}}}
    context: Any = SimpleNamespace(client_context=SimpleNamespace(custom=hint))
    labels.clear()
    receipts.clear()

    response = handler(paid, context)

    assert (labels, receipts) == ([], ["ada@example.com"])
    assert response == {
        "batchItemFailures": [
            {"itemIdentifier": paid["Records"][1]["kinesis"]["sequenceNumber"]}
        ],
        "powertools_stream": {
            "resubmitted": {
                "rules": ["send_receipt"],
                "records": 2,
                "failed": [
                    {
                        "record": 1,
                        "rule": "send_receipt",
                        "error": "KeyError",
                        "message": "'email'",
                    }
                ],
            }
        },
    }


# --8<-- [end:resubmitted]
