from __future__ import annotations

from docs.examples.sources.kinesis_source import rules
from powertools_stream import FaultPolicy
from powertools_stream.outcomes import Reason
from powertools_stream.requests import UpdateItem
from powertools_stream.testing import run, to_kinesis_records

CREATED = {"type": "order-created", "partition_key": "o-1", "order": {"status": "OPEN"}}
BROKEN = {"type": "order-created", "partition_key": "o-2"}
SHIPPED = {
    "type": "order-shipped",
    "partition_key": "o-1",
    "order": {"status": "SHIPPED"},
}


# --8<-- [start:aside]
def test_poison_is_set_aside_and_the_shard_moves_on() -> None:
    outcome = run(
        rules,
        to_kinesis_records([CREATED, BROKEN, SHIPPED]),
        on_fault=FaultPolicy.PUBLISH,
    )

    assert [request.params["Key"]["pk"] for request in outcome.requests] == [
        "o-1",
        "o-1",
    ]
    assert outcome.response == {"batchItemFailures": []}
    (fault,) = outcome.faults
    assert fault.event is not None
    assert fault.event["uow"]["event"]["partition_key"] == "o-2"


# --8<-- [end:aside]


# --8<-- [start:passing]
def test_a_table_that_is_busy_holds_back_its_key_only() -> None:
    batch = to_kinesis_records([CREATED, {**CREATED, "partition_key": "o-3"}, SHIPPED])
    first = batch["Records"][0]["kinesis"]["sequenceNumber"]

    def answer(request: UpdateItem) -> object:
        return ConnectionError("busy") if request.params["Key"]["pk"] == "o-1" else {}

    outcome = run(rules, batch, responses={UpdateItem: answer})

    assert [fault.reason for fault in outcome.faults] == [
        Reason.RETRYABLE,
        Reason.HELD_BACK,
    ]
    # Kinesis sends everything again from there on, so later records are not named.
    assert outcome.response == {"batchItemFailures": [{"itemIdentifier": first}]}
    assert not outcome.events


# --8<-- [end:passing]
