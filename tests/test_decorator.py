"""What the handler under `@stream_processor` returns."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Iterator
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


async def _async(event: Any, context: Any) -> None: ...


def _generator(event: Any, context: Any) -> Iterator[int]:
    yield 1


async def _async_generator(event: Any, context: Any) -> AsyncIterator[int]:
    yield 1


class _AsyncCallable:
    async def __call__(self, event: Any, context: Any) -> None: ...


@pytest.mark.parametrize(
    ("handler", "message"),
    [
        (_async, r"'_async' to be a plain function, but it is `async def`, which Lambda does not await. Write `def`"),
        (_AsyncCallable(), "'_AsyncCallable' to be a plain function, but it is `async def`"),
        (_generator, "'_generator' to be a plain function, but it has a yield"),
        (_async_generator, "'_async_generator' to be a plain function, but it is `async def` with a yield"),
        (lambda: None, r"to take \(event, context\), but it takes \(\)"),
        (lambda event: None, r"to take \(event, context\), but it takes \(event\)"),
        (lambda event, *, context: None, r"but it takes \(event, \*, context\)"),
        (3, "Expected to decorate a function, but found int"),
    ],
)
def test_a_handler_that_lambda_cannot_run_is_an_error_at_import(handler: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        stream_processor(rules=_failing())(handler)


def _with_more(event: Any, context: Any, *, tenant: str) -> dict[str, Any]:
    return {"tenant": tenant}


@pytest.mark.parametrize(
    "handler",
    [
        lambda *args: None,
        lambda event, context=None: None,
        lambda event, context, tenant="a": None,
        lambda event, context, **kwargs: None,
        functools.partial(lambda tenant, event, context: None, "a"),
        dict,
    ],
)
def test_a_handler_may_take_more(handler: Any) -> None:
    stream_processor(rules=_failing())(handler)


def test_what_a_decorator_passes_on_reaches_the_handler() -> None:
    decorated: Any = stream_processor(rules=_failing())(_with_more)

    assert decorated(EVENT, None, tenant="a") == {"batchItemFailures": [], "tenant": "a"}


@pytest.mark.parametrize("handler", [_async, _generator, _async_generator])
def test_what_is_never_run_is_an_error_where_a_decorator_hides_it(handler: Any) -> None:
    def hidden(event: Any, context: Any) -> Any:
        return handler(event, context)

    decorated: Any = stream_processor(rules=_failing())(hidden)

    with pytest.raises(TypeError, match=r"to return a mapping or nothing, but it returned a .*, which nobody runs"):
        decorated(EVENT, None)
