"""One handler under `awslambdaric` that receives from one source after the other, in the same warm process."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from powertools_stream.testing import (
    read_firehose_answer,
    to_cognito_event,
    to_eventbridge_event,
    to_firehose_records,
    to_pipe_records,
    to_s3_records,
    to_sqs_records,
)
from tests.runtime.runtime_api import Function

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="awslambdaric runs on Linux only"),
]

GOOD, BAD = {"type": "order-created"}, {"type": "order-created", "fail": True}


@pytest.fixture(scope="module")
def function() -> Iterator[Function]:
    with Function("several.handler", Path(__file__).parent / "handlers") as function:
        yield function


def test_each_source_is_answered_in_its_own_form_by_one_process(function: Function) -> None:
    queue, sign_up = to_sqs_records([GOOD, BAD]), to_cognito_event()
    lines = to_firehose_records([{"type": "line", "text": "hi"}, "not JSON"])
    created = to_eventbridge_event({"object": {"key": "a"}}, source="aws.s3", detail_type="Object Created")

    for _ in range(2):  # in turn, twice: no state of one source remains for the next
        first = function.invoke(queue).response
        second = function.invoke(to_s3_records(["a b.json"])).response
        third = function.invoke(created).response
        fourth = function.invoke(lines).response
        fifth = function.invoke(sign_up).response
        sixth = function.invoke(to_pipe_records(queue)).response

        failed = [{"itemIdentifier": queue["Records"][1]["messageId"]}]
        assert (first["batchItemFailures"], first["seen"]) == (failed, ["order-created"])
        assert (second["batchItemFailures"], second["seen"]) == ([], ["object-created"])
        assert (third["batchItemFailures"], third["seen"]) == ([], ["Object Created"])
        assert read_firehose_answer(fourth) == [("Ok", b"HI"), ("ProcessingFailed", b"not JSON")]
        assert fourth.keys() == {"records"}
        assert fifth == {**sign_up, "response": {"autoConfirmUser": True}}
        assert (sixth["batchItemFailures"], sixth["seen"]) == (failed, ["order-created"])
        hint = {"custom": {"powertools_stream": {"resubmit": {"rules": ["undefined"]}}}}
        seventh = function.invoke(queue, client_context=hint).response
        assert seventh["batchItemFailures"] == failed
        assert [one["record"] for one in seventh["powertools_stream"]["resubmitted"]["failed"]] == [1]

        assert len({answer["pid"] for answer in (first, second, third, sixth)}) == 1


@pytest.mark.parametrize(
    ("event", "error_type"),
    [
        (to_s3_records([{"key": "a.json", "extra": {"fail": True}}]), "BatchProcessingError"),
        (to_eventbridge_event(BAD), "BatchProcessingError"),
        (to_cognito_event(user_name="mallory"), "RecordFailedError"),
    ],
)
def test_a_failure_is_an_error_of_the_invocation_where_there_is_no_other_answer(
    function: Function, event: Any, error_type: str
) -> None:
    error = function.invoke(event).error

    assert error is not None
    assert error["errorType"] == error_type
