from __future__ import annotations

from docs.examples.migration.batch_processor.rules_only import rules
from powertools_stream.testing import run, to_sqs_records


def test_an_order_that_fails_is_reported_and_says_why() -> None:
    good = {"type": "order-created", "order": {"id": "o-1", "lines": [{"price": 3}]}}
    bad = {"type": "order-created", "order": {"id": "o-2"}}
    event = to_sqs_records([good, bad])

    outcome = run(rules, event)

    assert outcome.results[0].uow["result"] == 3
    (fault,) = outcome.faults
    assert (fault.rule_id, str(fault.error)) == ("total", "'lines'")
    failed = event["Records"][1]["messageId"]
    assert outcome.response == {"batchItemFailures": [{"itemIdentifier": failed}]}
