"""`StreamProcessor` in place of Powertools' batch processors: the same inputs, the same outcomes."""

from __future__ import annotations

import asyncio
import logging
import math
import sys
from collections.abc import Callable
from typing import Any
from unittest.mock import MagicMock, Mock

import pytest
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import (
    AsyncBatchProcessor,
    BatchProcessor,
    EventType,
    SqsFifoPartialProcessor,
    async_process_partial_response,
    process_partial_response,
)
from aws_lambda_powertools.utilities.batch.exceptions import BatchProcessingError, UnexpectedBatchTypeError
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord
from aws_lambda_powertools.utilities.data_classes.kafka_event import KafkaEventRecord
from aws_lambda_powertools.utilities.data_classes.kinesis_stream_event import KinesisStreamRecord
from aws_lambda_powertools.utilities.parser.models import SqsRecordModel
from pydantic import BaseModel, Json

from powertools_stream import RuleRegistry, StreamProcessor
from powertools_stream.flavors import task
from powertools_stream.sources import SQSSource
from powertools_stream.testing import to_dynamodb_records, to_kafka_records, to_kinesis_records, to_sqs_records

BODIES = ["one", "fail two", "three", "fail four", "five"]


def handle(record: Any) -> str:
    """Handle a record of any source, and fail if its payload says so."""
    text = _text(record)
    if "fail" in text:
        raise ValueError(f"cannot take {text}")
    return text.upper()


async def handle_async(record: Any) -> str:
    await asyncio.sleep(0)
    return handle(record)


def _text(record: Any) -> str:
    if isinstance(record, KinesisStreamRecord):
        return record.kinesis.data_as_text()
    if isinstance(record, DynamoDBRecord):
        assert record.dynamodb is not None
        return str((record.dynamodb.new_image or {})["text"])
    if isinstance(record, KafkaEventRecord):
        return record.decoded_value.decode()
    return str(record.body)


EVENTS: dict[EventType, dict[str, Any]] = {
    EventType.SQS: to_sqs_records(BODIES),
    EventType.KinesisDataStreams: to_kinesis_records([{"text": body} for body in BODIES]),
    EventType.DynamoDBStreams: to_dynamodb_records(
        [{"new_image": {"pk": str(n), "sk": "s", "text": body}} for n, body in enumerate(BODIES)]
    ),
    EventType.Kafka: to_kafka_records([{"text": body} for body in BODIES]),
}


def fifo(theirs: bool, **options: Any) -> Any:
    if theirs:
        return SqsFifoPartialProcessor(**options)
    options.setdefault("skip_group_on_error", False)
    return StreamProcessor(EventType.SQS, source=SQSSource(fifo=True), **options)


def grouped(bodies: list[str], groups: str) -> dict[str, Any]:
    event = to_sqs_records(bodies)
    for record, group in zip(event["Records"], groups, strict=True):
        record["attributes"]["MessageGroupId"] = group
    return event


@pytest.mark.parametrize("event_type", list(EventType))
def test_a_batch_has_the_same_response_twice(event_type: EventType) -> None:
    theirs, ours = BatchProcessor(event_type), StreamProcessor(event_type)

    for _ in ("cold start", "warm start"):
        expected = process_partial_response(EVENTS[event_type], handle, theirs)
        response = process_partial_response(EVENTS[event_type], handle, ours)

        assert response == expected
        assert len(response["batchItemFailures"]) == 2
        assert ours.success_messages == theirs.success_messages
        assert [type(message) for message in ours.fail_messages] == [type(message) for message in theirs.fail_messages]
        assert [str(exception[1]) for exception in ours.exceptions] == [str(error[1]) for error in theirs.exceptions]


@pytest.mark.parametrize("event_type", list(EventType))
def test_an_async_handler_has_the_same_response(event_type: EventType) -> None:
    expected = async_process_partial_response(EVENTS[event_type], handle_async, AsyncBatchProcessor(event_type))

    ours: Any = StreamProcessor(event_type)

    assert async_process_partial_response(EVENTS[event_type], handle_async, ours) == expected
    assert process_partial_response(EVENTS[event_type], handle_async, ours) == expected


def test_the_event_type_need_not_be_said() -> None:
    processor = StreamProcessor()

    for event_type in (EventType.SQS, EventType.KinesisDataStreams, EventType.DynamoDBStreams):
        assert len(process_partial_response(EVENTS[event_type], handle, processor)["batchItemFailures"]) == 2


def test_the_context_manager_gives_the_same_tuples() -> None:
    records = EVENTS[EventType.SQS]["Records"]
    processed: list[list[tuple[Any, ...]]] = []
    for processor in (BatchProcessor(EventType.SQS), StreamProcessor(EventType.SQS)):
        with processor(records, handle) as batch:
            processed.append(batch.process())
        assert len(processor.response()["batchItemFailures"]) == 2

    theirs, ours = processed
    assert [entry[:2] for entry in ours] == [entry[:2] for entry in theirs]
    assert [entry[2] for entry in ours if entry[0] == "success"] == [e[2] for e in theirs if e[0] == "success"]


def test_the_lambda_context_is_injected_where_the_handler_names_it() -> None:
    seen: list[Any] = []

    def with_context(record: Any, lambda_context: Any) -> None:
        seen.append(lambda_context)

    context: Any = object()
    process_partial_response(to_sqs_records(["one"]), with_context, StreamProcessor(EventType.SQS), context)

    assert seen == [context]


def test_an_entire_batch_that_fails_raises_with_its_child_exceptions() -> None:
    event = to_sqs_records(["fail", "fail too"])

    for processor in (BatchProcessor(EventType.SQS), StreamProcessor(EventType.SQS)):
        for _ in ("cold start", "warm start"):
            with pytest.raises(BatchProcessingError, match=r"All records failed processing\. 2 individual") as error:
                process_partial_response(event, handle, processor)

            assert [str(child[1]) for child in error.value.child_exceptions] == [
                "cannot take fail",
                "cannot take fail too",
            ]
            assert "ValueError: cannot take fail too" in str(error.value)


def test_an_entire_batch_that_fails_is_reported_where_that_is_wanted() -> None:
    event = to_sqs_records(["fail", "fail too"])
    theirs = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)
    ours = StreamProcessor(EventType.SQS, raise_on_entire_batch_failure=False)

    assert process_partial_response(event, handle, ours) == process_partial_response(event, handle, theirs)


@pytest.mark.parametrize("event", [{}, {"Records": None}, {"Records": "not a list"}, {"Records": []}])
def test_an_event_without_records_is_refused_as_powertools_does(event: dict[str, Any]) -> None:
    with pytest.raises(UnexpectedBatchTypeError):
        process_partial_response(event, handle, StreamProcessor(EventType.SQS))


class OrderModel(BaseModel):
    total: int


class OrderRecordModel(SqsRecordModel):
    body: Json[OrderModel]


def test_a_model_is_handed_over_and_a_record_that_does_not_fit_fails_alone() -> None:
    event = to_sqs_records(['{"total": 1}', '{"total": "many"}', '{"total": 3}'])
    totals: dict[bool, list[int]] = {}
    responses = []
    for theirs in (True, False):
        totals[theirs] = []
        processor = (BatchProcessor if theirs else StreamProcessor)(EventType.SQS, model=OrderRecordModel)

        def take(record: Any, theirs: bool = theirs) -> None:
            totals[theirs].append(record.body.total)
            if record.body.total == 3:
                raise ValueError("too many")

        responses.append(process_partial_response(event, take, processor))

    assert totals[True] == totals[False] == [1, 3]
    assert responses[0] == responses[1]
    assert len(responses[1]["batchItemFailures"]) == 2


@pytest.mark.parametrize("skip_group_on_error", [False, True])
@pytest.mark.parametrize(
    ("bodies", "groups"),
    [
        (["a", "b", "c"], "111"),
        (["a", "fail b", "c"], "112"),
        (["fail a", "b", "fail c", "d", "e"], "11223"),
        (["a", "b", "fail c", "d", "fail e"], "11223"),
    ],
)
def test_a_fifo_queue_is_treated_as_powertools_does(skip_group_on_error: bool, bodies: list[str], groups: str) -> None:
    event = grouped(bodies, groups)
    outcomes = []
    for theirs in (True, False):
        handled: list[str] = []

        def take(record: Any, handled: list[str] = handled) -> None:
            handled.append(record.body)
            handle(record)

        processor = fifo(theirs, skip_group_on_error=skip_group_on_error)
        response: Any
        try:
            response = process_partial_response(event, take, processor)
        except BatchProcessingError as error:
            response = error.msg
        outcomes.append((response, handled, [exception[0] for exception in processor.exceptions]))

    assert outcomes[0] == outcomes[1]


def test_success_and_failure_handlers_of_a_subclass_are_called_once_per_record_in_order() -> None:
    class Watching(StreamProcessor):
        def __init__(self, **options: Any) -> None:
            super().__init__(EventType.SQS, **options)
            self.seen: list[str] = []

        def success_handler(self, record: Any, result: Any) -> Any:
            self.seen.append(f"success {result}")
            return super().success_handler(record, result)

        def failure_handler(self, record: Any, exception: Any) -> Any:
            self.seen.append(f"failure {exception[1]}")
            return super().failure_handler(record, exception)

    def fails(uow: Any) -> None:
        raise ValueError("second")

    def fails_first(uow: Any) -> None:
        raise KeyError("first")

    rules = RuleRegistry()
    rules.add(id="first", flavor=task, event_type="bad", execute=fails_first)
    rules.add(id="second", flavor=task, event_type="bad", execute=fails)
    processor = Watching(rules=rules)

    process_partial_response(
        to_sqs_records([{"type": "good"}, {"type": "bad"}, {"type": "good"}]), lambda record: "done", processor
    )

    assert processor.seen == ["success done", "failure 'first'", "success done"]


def test_rules_and_record_handler_both_run_and_either_may_fail_the_record() -> None:
    handled: list[str] = []

    def take(record: Any) -> None:
        handled.append(record.json_body["id"])
        if record.json_body["id"] == "b":
            raise ValueError("no")

    def execute(uow: Any) -> None:
        if uow.event["id"] == "c":
            raise ValueError("no")

    rules = [{"id": "rule", "flavor": task, "execute": execute}]
    event = to_sqs_records([{"type": "e", "id": letter} for letter in "abcd"])

    response = process_partial_response(event, take, StreamProcessor(rules=rules))

    assert handled == ["a", "b", "c", "d"]
    assert [failure["itemIdentifier"] for failure in response["batchItemFailures"]] == [
        event["Records"][1]["messageId"],
        event["Records"][2]["messageId"],
    ]


def test_an_error_of_the_engine_leaves_every_record_reported() -> None:
    class BrokenSource(SQSSource):
        def order_key(self, record: Any) -> Any:
            raise RuntimeError("a bug")

    # The order of records is asked for if one fails.
    rules = [{"id": "rule", "flavor": task, "execute": lambda uow: 1 / 0}]
    processor = StreamProcessor(rules=rules, source=BrokenSource())
    records = to_sqs_records([{"type": "e"}, {"type": "e"}])["Records"]

    with pytest.raises(RuntimeError, match="a bug"), processor(records):
        processor.process()

    assert len(processor.response()["batchItemFailures"]) == 2


def test_records_that_nobody_processed_are_reported() -> None:
    processor = StreamProcessor(EventType.SQS)

    with processor(to_sqs_records(["one"])["Records"], handle):
        pass

    assert len(processor.response()["batchItemFailures"]) == 1


@pytest.mark.parametrize("make", [lambda: logging.getLogger("handed over"), lambda: Logger(service="handed over")])
def test_each_failed_record_is_one_line_of_the_logger_that_was_handed_over(
    make: Callable[[], Any], capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    process_partial_response(EVENTS[EventType.SQS], handle, StreamProcessor(EventType.SQS, logger=make()))

    lines = [record.getMessage() for record in caplog.records] or capsys.readouterr().out.splitlines()
    failed = [line for line in lines if "Record processing exception; skipping this record" in line]
    others = [line for line in lines if line not in failed]
    assert len(failed) == 2
    assert all("rule record_handler" in line and "(attempt 1)" in line for line in failed)
    assert all("StreamProcessor(" in line or "Batch of sqs" in line for line in others), "at INFO only"


def test_the_exception_is_the_current_one_while_a_failure_handler_runs() -> None:
    current: list[Any] = []

    class Tracking(StreamProcessor):
        def failure_handler(self, record: Any, exception: Any) -> Any:
            current.append(sys.exc_info()[1])
            return super().failure_handler(record, exception)

    def fail(record: Any) -> None:
        if record.body == "two":
            raise ValueError("boom")

    process_partial_response(to_sqs_records(["one", "two"]), fail, Tracking(EventType.SQS))

    assert [repr(error) for error in current] == ["ValueError('boom')"]


@pytest.mark.parametrize("fifo", [False, True])
def test_an_error_of_a_success_handler_fails_its_record(fifo: bool, caplog: pytest.LogCaptureFixture) -> None:
    class Checking(StreamProcessor):
        def success_handler(self, record: Any, result: Any) -> Any:
            if result == "two":
                raise ValueError("cannot be stored")
            return super().success_handler(record, result)

    event = to_sqs_records(["one", "two", "three"])
    processor = Checking(EventType.SQS, source=SQSSource(fifo=fifo))

    response = process_partial_response(event, lambda record: record.body, processor)

    # On a FIFO queue the third would be deleted, and the second would come back after it.
    expected = [record["messageId"] for record in event["Records"]][1 : 3 if fifo else 2]
    assert [one["itemIdentifier"] for one in response["batchItemFailures"]] == expected
    assert "success_handler, fault: ValueError: cannot be stored" in caplog.text
    assert len(processor.exceptions) >= 1


def test_whoever_catches_the_error_of_an_entire_batch_finds_every_record_in_the_response() -> None:
    def fail(record: Any) -> None:
        raise ValueError("down")

    event, processor = to_sqs_records(["one", "two"]), StreamProcessor(EventType.SQS)
    with pytest.raises(BatchProcessingError):
        process_partial_response(event, fail, processor)

    assert [one["itemIdentifier"] for one in processor.response()["batchItemFailures"]] == [
        record["messageId"] for record in event["Records"]
    ]


def test_the_event_type_is_told_for_async_handlers_too() -> None:
    events = [to_kafka_records([{"id": "1"}]), to_sqs_records(["a"]), to_kafka_records([{"id": "2"}])]
    processor, kinds = StreamProcessor(), list[str]()

    async def note(record: Any) -> None:
        kinds.append(type(record).__name__)

    for event in events:
        async_process_partial_response(event, note, processor)  # type: ignore[arg-type]

    assert kinds == ["KafkaEventRecord", "SQSRecord", "KafkaEventRecord"]


def test_the_event_type_is_told_from_each_event_whatever_came_before() -> None:
    events = [to_sqs_records(["a"]), to_kafka_records([{"id": "1"}]), to_sqs_records(["b"])]
    processor, kinds = StreamProcessor(), list[str]()

    for event in events:
        process_partial_response(event, lambda record: kinds.append(type(record).__name__), processor)

    assert kinds == ["SQSRecord", "KafkaEventRecord", "SQSRecord"]
    assert processor.event_type is EventType.SQS


@pytest.mark.parametrize("remaining", [0, -5, None, "1000", True, math.nan, math.inf, Mock()])
def test_a_context_that_tells_no_time_has_no_deadline(remaining: Any) -> None:
    class Stub:
        def get_remaining_time_in_millis(self) -> Any:
            return remaining

    contexts: list[Any] = [Stub(), Mock(), MagicMock()]
    for context in contexts:
        assert process_partial_response(
            to_sqs_records(["a"]), lambda record: None, StreamProcessor(EventType.SQS), context
        ) == {"batchItemFailures": []}
