from __future__ import annotations

from typing import Any

from docs.examples.rules.circuit import bank, rules, store
from powertools_stream import StreamProcessor
from powertools_stream.local import EmbeddedAWS
from powertools_stream.outcomes import Reason
from powertools_stream.testing import to_sqs_records

REQUESTED = {"type": "payment-requested", "payment": {"amount": 42}}


# --8<-- [start:circuit]
def test_an_open_circuit_reports_the_records_and_makes_no_fault_events() -> None:
    # One worker: payments are made one by one. There is a bus for fault events.
    options: dict[str, Any] = {
        "bus_name": "payments",
        "max_workers": 1,
        "raise_on_entire_batch_failure": False,
    }
    bank.is_closed = True

    with EmbeddedAWS() as aws:
        store.client = aws.client("dynamodb")
        store.client.create_table(
            TableName="circuits",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        processor = StreamProcessor(rules=rules, **options)
        response = processor.process_event(to_sqs_records([REQUESTED] * 10))

    # The circuit opened with the third: the other seven did not reach the bank.
    assert bank.calls == 3
    errors = [type(fault.error).__name__ for fault in processor.faults]
    assert errors == ["TimeoutError"] * 3 + ["CircuitBreakerOpenError"] * 7
    assert [(fault.reason, fault.event) for fault in processor.faults] == [
        (Reason.RETRYABLE, None)
    ] * 10
    assert len(response["batchItemFailures"]) == 10


# --8<-- [end:circuit]
