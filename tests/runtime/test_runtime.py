"""Handlers under `awslambdaric`, the runtime interface client that runs inside Lambda."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from powertools_stream.testing import to_sqs_records
from tests.runtime.runtime_api import Function, InitError

HANDLERS = Path(__file__).parent / "handlers"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="awslambdaric runs on Linux only"),
]


@pytest.fixture
def function() -> Iterator[Function]:
    with Function("app.handler", HANDLERS) as function:
        yield function


def order(**fields: Any) -> dict[str, Any]:
    return {"type": "order-created", "order": {"lines": [{"price": 3}, {"price": 4}], **fields}}


def test_the_response_reports_what_failed_beside_what_the_handler_returned(function: Function) -> None:
    event = to_sqs_records([order(), order(lines=None), order()])

    invocation = function.invoke(event)

    assert invocation.error is None
    assert invocation.response["batchItemFailures"] == [{"itemIdentifier": event["Records"][1]["messageId"]}]
    assert invocation.response["function"] == "under-test"


def test_a_second_call_is_served_by_the_same_warm_process(function: Function) -> None:
    first = function.invoke(to_sqs_records([order()])).response
    second = function.invoke(to_sqs_records([order(), order(lines=None)])).response

    assert first["pid"] == second["pid"]
    assert (first["cold"], second["cold"]) == (True, False)
    assert first["batchItemFailures"] == []
    assert len(second["batchItemFailures"]) == 1


def test_the_context_says_how_much_time_remains(function: Function) -> None:
    response = function.invoke(to_sqs_records([order()]), timeout=20).response

    assert 10_000 < response["remaining"] <= 20_000


def test_what_does_not_fit_before_the_deadline_is_reported_in_time(function: Function) -> None:
    event = to_sqs_records([order(), order(sleep=30), order()])

    invocation = function.invoke(event, timeout=3)

    # The record that was done stays done; the one that hangs is cut off, and the one after it never starts.
    failed = [failure["itemIdentifier"] for failure in invocation.response["batchItemFailures"]]
    assert failed == [record["messageId"] for record in event["Records"][1:]]


def test_a_batch_that_fails_as_a_whole_is_an_error_of_the_invocation(function: Function) -> None:
    error = function.invoke(to_sqs_records([order(lines=None)])).error

    assert error is not None
    assert error["errorType"] == "BatchProcessingError"


def test_an_event_without_records_is_an_error_of_the_invocation(function: Function) -> None:
    error = function.invoke({"unexpected": True}).error

    assert error is not None
    assert "Records" in error["errorMessage"]


def test_a_rule_that_is_written_wrongly_fails_the_import_and_says_why() -> None:
    with Function("broken.handler", HANDLERS) as function, pytest.raises(InitError) as caught:
        function.invoke({})

    (error,) = caught.value.args
    assert error["errorType"] == "RuleError"
    assert "price-order" in error["errorMessage"]
    assert "event_type" in error["errorMessage"]
