"""What the handler under `@stream_processor` returns."""

from __future__ import annotations

from typing import Any

import pytest
from aws_lambda_powertools.utilities.batch.exceptions import BatchProcessingError

from powertools_stream import FaultPolicy, stream_processor
from powertools_stream.flavors import task
from powertools_stream.testing import to_firehose_records, to_s3_records, to_sqs_records

EVENT = to_sqs_records([{"id": str(n), "type": "x", "n": n} for n in range(4)])
IDS = [record["messageId"] for record in EVENT["Records"]]


def _failing(*failing: int) -> list[dict[str, Any]]:
    def execute(uow: Any) -> None:
        if uow.event.get("n") in failing:
            raise ValueError("no")

    return [{"id": "r", "flavor": task, "execute": execute}]


def _reported(*numbers: int) -> dict[str, Any]:
    return {"batchItemFailures": [{"itemIdentifier": IDS[n]} for n in numbers]}


def _handle(answer: Any, *failing: int, event: Any = EVENT) -> Any:
    @stream_processor(rules=_failing(*failing), on_fault=FaultPolicy.REPORT)
    def handler(event: Any, context: Any) -> Any:
        return answer

    return handler(event, None)


def test_failures_that_the_handler_reports_are_added_to_those_of_the_batch() -> None:
    assert _handle({**_reported(3, 1), "seen": 4}, 1) == {**_reported(1, 3), "seen": 4}


def test_a_handler_cannot_take_a_failure_back() -> None:
    assert _handle({"batchItemFailures": []}, 2) == _reported(2)
    assert _handle({"batchItemFailures": None}, 2) == _reported(2)


@pytest.mark.parametrize(
    "reported",
    [
        [{"itemIdentifier": "somebody-elses"}],
        [{"itemIdentifier": ""}],
        [{"itemIdentifier": None}],
        [{"itemidentifier": "1"}],
        ["1"],
        "all",
        {"itemIdentifier": "1"},
        [{"itemIdentifier": ["1"]}],
        # Lambda takes these for the failure of the whole batch, too.
        "",
        {},
        False,
        0,
    ],
)
def test_what_is_no_failure_of_this_batch_fails_the_batch_and_says_why(reported: Any) -> None:
    with pytest.raises(BatchProcessingError, match=r"Expected the handler to return .* with identifiers of this batch"):
        _handle({"batchItemFailures": reported})


def test_on_a_fifo_queue_what_follows_in_the_group_is_reported_too() -> None:
    event = to_sqs_records([{"id": str(n), "type": "x"} for n in range(4)])
    for record, group in zip(event["Records"], "abab", strict=True):
        record["eventSourceARN"] += ".fifo"
        record["attributes"]["MessageGroupId"] = group
    first = event["Records"][0]["messageId"]

    response = _handle({"batchItemFailures": [{"itemIdentifier": first}]}, event=event)

    assert [one["itemIdentifier"] for one in response["batchItemFailures"]] == [first, event["Records"][2]["messageId"]]


def test_a_source_with_an_answer_of_its_own_gives_it_with_what_the_handler_reports() -> None:
    event = to_firehose_records([{"id": str(n), "type": "x", "n": n} for n in range(3)])
    last = event["records"][2]["recordId"]

    response = _handle({"batchItemFailures": [{"itemIdentifier": last}]}, 0, event=event)

    assert response.keys() == {"records"}
    assert [record["result"] for record in response["records"]] == ["ProcessingFailed", "Ok", "ProcessingFailed"]
    assert [record["recordId"] for record in response["records"]] == [one["recordId"] for one in event["records"]]


def test_a_source_without_partial_responses_fails_as_a_whole() -> None:
    event = to_s3_records([{"key": "a"}])
    record = event["Records"][0]["s3"]
    identifier = f"{record['bucket']['name']}/{record['object']['key']}/{record['object']['sequencer']}"

    with pytest.raises(BatchProcessingError, match="1 records were reported by the handler"):
        _handle({"batchItemFailures": [{"itemIdentifier": identifier}]}, event=event)
