"""A rule whose fault is set aside is done with its record, and its fault event says so."""

from __future__ import annotations

from typing import Any

import pytest

from powertools_stream import FaultPolicy, StreamProcessor, UnitOfWork
from powertools_stream.checkpoints import InMemoryCheckpointStore
from powertools_stream.flavors import task
from powertools_stream.testing import FakeConnector, to_sqs_records


@pytest.mark.parametrize("policy", [FaultPolicy.REPORT, FaultPolicy.REPORT_AND_PUBLISH])
@pytest.mark.parametrize("first", [True, False])
def test_a_fault_is_set_aside_whatever_another_rule_of_the_record_does(policy: FaultPolicy, first: bool) -> None:
    ran: list[int] = []
    deliveries = iter([1, 2])
    delivery = 0

    def poison(uow: UnitOfWork) -> None:
        ran.append(delivery)
        raise ValueError("poison")

    def fails_at_first(uow: UnitOfWork) -> None:
        if delivery == 1:
            raise ValueError("not yet")

    rules: list[dict[str, Any]] = [
        {"id": "poison", "flavor": task, "execute": poison},
        {"id": "other", "flavor": task, "execute": fails_at_first, "on_fault": policy},
    ]
    bus = FakeConnector()
    processor = StreamProcessor(
        rules=rules if first else rules[::-1],
        on_fault=FaultPolicy.PUBLISH,
        bus_name="bus",
        checkpoint=InMemoryCheckpointStore(),
        connectors=[bus],
        raise_on_entire_batch_failure=False,
    )

    responses = []
    for delivery in deliveries:
        event = to_sqs_records([{"body": {"id": "1", "type": "x"}, "message_id": "m", "receive_count": delivery}])
        responses.append(processor.process_event(event))

    said = [request.event["disposition"] for request in bus.asked if request.event["tags"]["pipeline"] == "poison"]
    assert ran == [1]
    assert said == ["set-aside"]
    assert [len(response["batchItemFailures"]) for response in responses] == [1, 0]
