from __future__ import annotations

import json

from docs.examples.secrets import redacting
from powertools_stream import ClaimChecks, FaultPolicy
from powertools_stream.requests import PutObject
from powertools_stream.testing import run, to_sqs_records


# --8<-- [start:test]
def test_a_fault_event_says_what_failed_and_not_for_whom() -> None:
    order = {
        "id": "o-1",
        "type": "order-created",
        "customer": {"id": "c-7", "email": "ann@example.com"},
        "lines": [{"note": "for Ann's birthday"}],
    }

    outcome = run(
        redacting.rules,
        to_sqs_records([order]),
        redact=["event.customer.email", "event.lines[*].note"],
        claim_checks=ClaimChecks(
            {"shop-claim-checks": "111122223333"}, "shop-claim-checks"
        ),
        on_fault=FaultPolicy.PUBLISH,
    )

    fault = outcome.faults[0].event
    assert fault is not None
    assert fault["err"]["message"] == "***** has opted out"
    assert fault["uow"]["event"]["customer"] == {"id": "c-7", "email": "*****"}
    # The record, which has it all, is in the bucket.
    (left,) = (
        request for request in outcome.requests if isinstance(request, PutObject)
    )
    assert fault["uow"]["record"]["s3"] == {
        "bucket": "shop-claim-checks",
        "key": left.params["Key"],
    }
    assert "body" not in fault["uow"]["record"]
    assert (
        json.loads(json.loads(left.params["Body"])["body"])["customer"]
        == order["customer"]
    )


# --8<-- [end:test]
