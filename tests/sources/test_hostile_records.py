"""What comes from outside may hold anything, or only look like a record: it fails alone."""

from __future__ import annotations

import contextlib
import copy
import json
import logging
from base64 import b64encode
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from aws_lambda_powertools.utilities.batch.exceptions import BatchProcessingError
from hypothesis import given, settings, strategies as st

from powertools_stream import FaultPolicy, RuleRegistry, UnitOfWork
from powertools_stream.errors import MalformedRecordError
from powertools_stream.flavors import task
from powertools_stream.sources import (
    AlarmSource,
    CognitoSource,
    DynamoDBSource,
    EventBridgeSource,
    FirehoseSource,
    KafkaSource,
    KinesisSource,
    PipeSource,
    S3Source,
    ScheduleSource,
    SNSSource,
    Source,
    SQSSource,
    WholePipeSource,
)
from powertools_stream.testing import (
    run,
    to_alarm_event,
    to_cognito_event,
    to_dynamodb_records,
    to_eventbridge_envelope,
    to_eventbridge_event,
    to_firehose_records,
    to_kafka_records,
    to_kinesis_records,
    to_pipe_records,
    to_s3_records,
    to_schedule_event,
    to_sns_envelope,
    to_sns_records,
    to_sqs_records,
)
from powertools_stream.uow import Record


@pytest.fixture(scope="module", autouse=True)
def quiet() -> Iterator[None]:
    """Records of anything make log lines of anything."""
    logging.disable()
    yield
    logging.disable(logging.NOTSET)


EVENTS = [{"id": str(n), "type": "order-created", "timestamp": 1_767_225_600_000 + n} for n in range(3)]
CHANGES = [{"new_image": {"pk": f"o-{n}", "sk": "order", "lines": [1, {"a": "b"}]}} for n in range(3)]


def _pipe(event: dict[str, Any]) -> list[Record]:
    return to_pipe_records(event)


# Three records each, of every source that has several in an invocation.
BATCHES: dict[str, Callable[[], Any]] = {
    "sqs": lambda: to_sqs_records(EVENTS),
    "fifo": lambda: to_sqs_records([{"body": event, "group_id": "g"} for event in EVENTS], fifo=True),
    "kinesis": lambda: to_kinesis_records(EVENTS),
    "dynamodb": lambda: to_dynamodb_records(CHANGES),
    "kafka": lambda: to_kafka_records([{"value": event, "key": "k"} for event in EVENTS]),
    "firehose": lambda: to_firehose_records([{"data": event, "partition_key": "k"} for event in EVENTS]),
    "s3": lambda: to_s3_records(["1.json", "2.json", "3.json"]),
    "sns": lambda: to_sns_records(EVENTS),
    "pipe of sqs": lambda: _pipe(to_sqs_records(EVENTS)),
    "pipe of fifo": lambda: _pipe(to_sqs_records([{"body": event, "group_id": "g"} for event in EVENTS], fifo=True)),
    "pipe of kinesis": lambda: _pipe(to_kinesis_records(EVENTS)),
    "pipe of dynamodb": lambda: _pipe(to_dynamodb_records(CHANGES)),
    "pipe of kafka": lambda: _pipe(to_kafka_records([{"value": event, "key": "k"} for event in EVENTS])),
    "pipe that transforms": lambda: [{**event, "messageId": event["id"]} for event in copy.deepcopy(EVENTS)],
}
# An event that is its own only record.
ALONE: dict[str, tuple[Source, Callable[[], Any]]] = {
    "eventbridge": (EventBridgeSource(), lambda: to_eventbridge_event(EVENTS[0], detail_type="order-created")),
    "schedule": (ScheduleSource(), to_schedule_event),
    "schedule's own input": (ScheduleSource(), lambda: {"id": "1", "time": "2026-01-01T00:00:00Z", "report": "daily"}),
    "alarm": (AlarmSource(), to_alarm_event),
    "cognito": (CognitoSource(), to_cognito_event),
}
SOURCES: tuple[Source, ...] = (
    SQSSource(),
    SQSSource(fifo=True, max_receive_count=3),
    KinesisSource(),
    DynamoDBSource(),
    DynamoDBSource(ignore_ttl_expired=True, prefer_approximate_timestamp=True),
    KafkaSource(),
    FirehoseSource(),
    S3Source(),
    SNSSource(),
    PipeSource(),
    PipeSource(SQSSource(fifo=True)),
    WholePipeSource(),
    *(source for source, _ in ALONE.values()),
)

TEXTS = st.text(st.characters(), max_size=5) | st.sampled_from(["\ud800", "0", "aws:sqs", "e30=", "2026", "x.fifo"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every field of a record, at any depth, as the object or array that it is in and its name there."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in items:
        yield value, step
        yield from _places(inner)


def _change(record: Record, data: st.DataObject) -> None:
    for _ in range(data.draw(st.integers(1, 3), "changes")):
        places = list(_places(record))
        if places:
            place, step = places[data.draw(st.integers(0, len(places) - 1), "place")]
            if isinstance(place, dict) and data.draw(st.booleans(), "left out"):
                del place[step]
            else:
                place[step] = copy.deepcopy(data.draw(JSON, "value"))


def _records_of(event: Any) -> list[Record]:
    if isinstance(event, list):
        return event
    records = event.get("Records", event.get("records"))
    return next(iter(records.values())) if isinstance(records, dict) else records


def _seeing(seen: list[Any]) -> RuleRegistry:
    rules = RuleRegistry()

    @rules.register(task, id="see")
    def see(uow: UnitOfWork) -> None:
        seen.append(uow.record)

    return rules


@settings(max_examples=60, deadline=None)
@pytest.mark.parametrize("name", BATCHES)
@given(data=st.data())
def test_a_record_that_holds_anything_does_no_harm_to_the_others(name: str, data: st.DataObject) -> None:
    event = BATCHES[name]()
    first, changed, last = _records_of(event)
    _change(changed, data)
    seen: list[Any] = []
    error: BaseException | None = None

    try:
        outcome = run(_seeing(seen), event, on_fault=FaultPolicy.PUBLISH)
    except (BatchProcessingError, MalformedRecordError) as raised:
        # It cannot be named, or the source knows of no partial response.
        error = raised

    assert [record for record in seen if record is first or record is last] == [first, last]
    assert error is None
    assert {type(fault.error) for fault in outcome.faults} <= {MalformedRecordError}


@settings(max_examples=60, deadline=None)
@pytest.mark.parametrize("name", BATCHES)
@given(data=st.data())
def test_a_record_that_is_reported_is_reported_alone_or_with_its_group(name: str, data: st.DataObject) -> None:
    event = BATCHES[name]()
    _, changed, _ = _records_of(event)
    _change(changed, data)

    def execute(uow: UnitOfWork) -> None:
        if uow.record is changed:
            raise ValueError("no")

    rules = RuleRegistry()
    rules.add(id="fails", flavor=task, execute=execute)
    try:
        response = run(rules, event).response
    except (BatchProcessingError, MalformedRecordError):
        return  # nothing is acknowledged

    reported = response.get("batchItemFailures", [])
    if name in ("sqs", "kinesis", "dynamodb", "kafka", "pipe of sqs", "pipe of kinesis", "pipe of dynamodb"):
        assert len(reported) <= (2 if name != "sqs" else 1)
    for failure in reported:
        assert failure["itemIdentifier"], "Lambda takes an empty identifier as the failure of the whole batch."
        json.dumps(failure)


@settings(max_examples=60, deadline=None)
@pytest.mark.parametrize("name", ALONE)
@given(data=st.data())
def test_an_event_that_is_its_own_record_is_read_or_malformed(name: str, data: st.DataObject) -> None:
    source, make = ALONE[name]
    record = copy.deepcopy(make())
    _change(record, data)

    _check_contract(source, record)


@settings(max_examples=300, deadline=None)
@given(record=JSON, position=st.integers(0, len(SOURCES) - 1))
def test_what_is_no_record_at_all_is_malformed(record: Any, position: int) -> None:
    _check_contract(SOURCES[position], record)


@settings(max_examples=300, deadline=None)
@given(data=st.data(), position=st.integers(0, len(SOURCES) - 1))
def test_a_record_of_another_source_is_read_or_malformed(data: st.DataObject, position: int) -> None:
    record = _records_of(BATCHES[data.draw(st.sampled_from(sorted(BATCHES)), "of")]())[0]
    _change(record, data)

    _check_contract(SOURCES[position], record)


def _check_contract(source: Source, record: Any) -> None:
    before = copy.deepcopy(record)
    read: Any = None
    with contextlib.suppress(MalformedRecordError):
        read = source.read(record)
    for event in read if isinstance(read, list) else [read] if read is not None else []:
        assert isinstance(event, dict)
        assert isinstance(event["type"], str)
        assert isinstance(event["tags"], dict)
    assert record == before
    with contextlib.suppress(MalformedRecordError):
        assert json.dumps(source.identifier(record))
    hash(source.order_key(record))
    assert isinstance(source.is_grouped(record), bool)
    assert isinstance(source.record_id(record), str)
    attempt = source.attempt(record)
    assert attempt is None or attempt >= 1
    assert isinstance(source.is_last_attempt(record), bool)


# -- Items of a pipe that pretend --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "item",
    [
        {"eventID": "h", "eventSource": "aws:sqs", "eventSourceARN": 5, "body": "{}"},
        {"messageId": "h", "eventSource": "aws:sqs", "attributes": {"MessageGroupId": [1]}, "body": "{}"},
        {"messageId": "h", "eventSource": "aws:sqs", "eventSourceARN": "q.fifo", "attributes": [1], "body": "{}"},
        {"messageId": "h", "eventSource": "aws:sqs", "attributes": {"SentTimestamp": "soon"}, "body": "{}"},
        {
            "eventID": "h",
            "kinesisSchemaVersion": "1",
            "eventSource": "aws:kinesis",
            "partitionKey": [1],
            "data": "e30=",
        },
        {"eventID": "h", "eventSource": "aws:kinesis", "kinesis": "text"},
        {"eventID": "h", "topic": {"a": 1}, "partition": 0, "offset": 1, "key": "x", "value": "e30="},
        {"eventID": "h", "topic": "t", "partition": 0, "offset": 1, "key": ["x"], "value": "e30="},
        {"eventID": "h", "eventSource": "aws:dynamodb", "dynamodb": {"Keys": [1], "SequenceNumber": "1"}},
        {
            "eventID": "h",
            "eventSource": "aws:dynamodb",
            "dynamodb": {"Keys": {"pk": {"S": [1]}}, "SequenceNumber": "1"},
        },
        {"eventID": "h", "eventSource": "aws:s3", "s3": {"bucket": {"name": [1]}, "object": {"key": "k"}}},
        {"eventID": "h", "triggerSource": ["a"], "userPoolId": "p"},
        {"eventID": "h", "alarmData": 5, "alarmArn": ["a"]},
    ],
    ids=lambda item: " ".join(item),
)
def test_an_item_of_a_pipe_that_pretends_to_be_a_record_is_malformed_alone(item: Record) -> None:
    good = [{"messageId": name, "id": name, "type": "x"} for name in ("g1", "g2")]

    outcome = run([{"id": "r", "flavor": task, "emit": "done"}], [good[0], item, good[1]])

    assert outcome.response == {"batchItemFailures": [{"itemIdentifier": "h"}]}
    assert [event["id"] for event in outcome.events] == ["g1.r", "g2.r"]
    assert [type(fault.error) for fault in outcome.faults] == [MalformedRecordError]


class _Text(str):
    def __mul__(self, times: Any) -> str:
        raise AssertionError("A thousand times a text of a megabyte is a gigabyte.")


class _Array(list[Any]):
    def __mul__(self, times: Any) -> list[Any]:
        raise AssertionError("A thousand times an array of a megabyte is a gigabyte.")


@pytest.mark.parametrize("seconds", [_Text("soon"), _Array([0]), True])
@pytest.mark.parametrize(
    ("source", "where"), [("kinesis", "approximateArrivalTimestamp"), ("dynamodb", "ApproximateCreationDateTime")]
)
def test_a_time_that_is_none_is_not_multiplied(source: str, where: str, seconds: Any) -> None:
    event = BATCHES[source]()
    event["Records"][1][source][where] = seconds
    seen: list[Any] = []

    outcome = run(_seeing(seen), event)

    assert [type(fault.error) for fault in outcome.faults] == [MalformedRecordError]
    assert len(seen) == 2


def test_a_record_that_is_no_object_fails_with_those_that_cannot_be_named() -> None:
    seen: list[Any] = []

    with pytest.raises((BatchProcessingError, MalformedRecordError)):
        run(_seeing(seen), [{"messageId": "g1", "id": "g1"}, 5, {"messageId": "g2", "id": "g2"}])

    assert [record["id"] for record in seen] == ["g1", "g2"]


# -- What is no JSON ---------------------------------------------------------------------------------------------------


def _carriers(text: str) -> dict[str, dict[str, Any]]:
    """Events that carry a text as the payload of their second record, in each way that there is."""
    good = {"id": "good", "type": "x", "timestamp": 1}
    bus = json.dumps(to_eventbridge_envelope({"type": "x", "n": "HERE"})).replace('"HERE"', text)
    return {
        "sqs": to_sqs_records([good, text, good]),
        "kinesis": to_kinesis_records([good, text, good]),
        "kafka": to_kafka_records([good, text, good]),
        "firehose": to_firehose_records([good, text, good]),
        "sns": to_sns_records([good, text, good]),
        "sns in sqs": to_sqs_records([good, json.dumps(to_sns_envelope(text)), good]),
        "eventbridge in sqs": to_sqs_records([good, bus, good]),
    }


NO_JSON = ['{"n":NaN}', '{"n":Infinity}', '{"n":-Infinity}', '{"n":[{"a":NaN}]}', '{"n":1' + "0" * 5_000 + "}"]


@pytest.mark.parametrize("carrier", _carriers("{}"))
@pytest.mark.parametrize("text", NO_JSON, ids=lambda text: text[:20])
def test_what_python_takes_for_json_and_is_none_is_malformed_alone(text: str, carrier: str) -> None:
    seen: list[Any] = []

    outcome = run(_seeing(seen), _carriers(text)[carrier], on_fault=FaultPolicy.PUBLISH)

    assert len(seen) == 2
    assert [type(fault.error) for fault in outcome.faults] == [MalformedRecordError]


def test_of_a_name_that_stands_twice_the_last_value_counts() -> None:
    outcome = run([{"id": "r", "flavor": task, "emit": "y"}], to_sqs_records(['{"id":"1","id":"2","type":"x"}']))

    assert outcome.events[0]["id"] == "2.r"


def test_half_a_surrogate_pair_is_data_like_any_other() -> None:
    text = '{"id":"\\ud800","type":"x","partition_key":"\\udfff","\\ud800":["\\ud800"],"tags":{"\\ud800":"\\ud800"}}'
    encoded = b64encode(text.encode()).decode()

    for event in (to_sqs_records([text]), to_kinesis_records([{"base64": encoded}]), to_sns_records([text])):
        (published,) = run([{"id": "r", "flavor": task, "emit": "y"}], event).events
        assert published["id"] == "\ud800.r"


def test_a_fault_event_of_half_a_surrogate_pair_can_be_sent() -> None:
    text = '{"id":"\\ud800","type":"x","partition_key":"\\udfff","\\ud800":["\\ud800"],"tags":{"\\ud800":"\\ud800"}}'

    outcome = run(
        [{"id": "r", "flavor": task, "execute": lambda uow: uow["no \ud800"]}],
        to_sqs_records([text]),
        on_fault=FaultPolicy.PUBLISH,
    )

    (fault,) = outcome.faults
    assert fault.published
    assert json.dumps(fault.event, ensure_ascii=False).encode()
