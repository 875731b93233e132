from __future__ import annotations

from docs.examples.faults.policies import rules
from powertools_stream.outcomes import Disposition, Reason
from powertools_stream.testing import run, to_kinesis_records


def test_a_picture_that_cannot_be_read_is_set_aside() -> None:
    outcome = run(
        rules, to_kinesis_records([{"type": "thumbnail-requested", "picture": "?"}])
    )

    (fault,) = outcome.faults
    assert fault.disposition is Disposition.SET_ASIDE
    assert fault.event is not None
    assert fault.event["err"]["message"] == "Expected a picture as a data URL."
    assert outcome.response == {"batchItemFailures": []}


def test_a_closed_bank_is_tried_again_without_a_fault_event() -> None:
    open_bank, closed_bank = (
        {"bank": "open", "amount": 3},
        {"bank": "closed", "amount": 4},
    )
    event = to_kinesis_records(
        [
            {"type": "payment-requested", "payment": payment}
            for payment in (open_bank, closed_bank)
        ]
    )

    outcome = run(rules, event)

    (fault,) = outcome.faults
    assert (fault.reason, fault.event) == (Reason.RETRYABLE, None)
    sequence_number = event["Records"][1]["kinesis"]["sequenceNumber"]
    assert outcome.response == {
        "batchItemFailures": [{"itemIdentifier": sequence_number}]
    }
