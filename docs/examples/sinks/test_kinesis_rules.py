from __future__ import annotations

from docs.examples.sinks.kinesis_rules import rules
from powertools_stream.requests import PutRecord
from powertools_stream.testing import run, to_sqs_records


# --8<-- [start:task]
def test_a_shipped_order_goes_on_the_stream() -> None:
    shipped = {"id": "e-1", "type": "order-shipped", "partition_key": "o-1"}
    answer = {"SequenceNumber": "4956", "ShardId": "shardId-000000000000"}

    outcome = run(rules, to_sqs_records([shipped]), responses={PutRecord: answer})

    (request,) = outcome.requests
    assert request.stream_name == "shipments"
    assert request.params["Data"]["partition_key"] == "o-1"
    assert outcome.results[0].uow["result"] == "4956"


# --8<-- [end:task]


def test_views_are_counted_in_any_order() -> None:
    viewed = {
        "id": "e-1",
        "type": "page-viewed",
        "page": "/",
        "timestamp": 1767225600000,
    }

    (request,) = run(rules, to_sqs_records([viewed])).requests

    assert request.ordered is False
    assert request.params == {
        "Data": {"page": "/", "timestamp": 1767225600000},
        "PartitionKey": "/",
    }
