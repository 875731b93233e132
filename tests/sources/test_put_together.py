"""Records are put together again to the events that brought them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from powertools_stream.sources import Source, source_of
from powertools_stream.sources.pipes import PipeSource, WholePipeSource
from powertools_stream.sources.scheduler import ScheduleSource
from powertools_stream.testing import (
    to_alarm_event,
    to_cognito_event,
    to_destination_event,
    to_distributed_map_event,
    to_dynamodb_records,
    to_eventbridge_event,
    to_firehose_records,
    to_kafka_records,
    to_kinesis_records,
    to_pipe_records,
    to_s3_records,
    to_schedule_event,
    to_sns_records,
    to_sqs_records,
)

EVENTS = [{"id": "1", "type": "e"}, {"id": "2", "type": "e"}]
BATCHES = [
    to_sqs_records(EVENTS),
    to_kinesis_records(EVENTS),
    to_dynamodb_records([{"new_image": {"pk": "1", "sk": "s"}}]),
    to_kafka_records(EVENTS),
    to_s3_records(["a", "b"]),
    to_sns_records(EVENTS),
    to_firehose_records(EVENTS),
    to_distributed_map_event(EVENTS),
    to_distributed_map_event(EVENTS, batch_input={"a": 1}),
    to_pipe_records(to_sqs_records(EVENTS)),
    to_pipe_records(to_kinesis_records(EVENTS)),
    [{"eventSource": "aws:rmq", "data": "e30="}],
]
ALONE = [
    to_eventbridge_event(EVENTS[0]),
    to_schedule_event(),
    to_alarm_event(),
    to_cognito_event(),
    to_destination_event({"id": "1", "type": "e"}),
]


@pytest.mark.parametrize("event", [*BATCHES, *ALONE])
def test_they_are_of_the_same_source_and_the_same_records(event: Any) -> None:
    source = source_of(event)
    assert source is not None
    records = source.records(event) or []

    (again,) = source.events(json.loads(json.dumps(records)))

    assert source.records(again) == records
    told = source_of(again)
    assert told is not None
    assert told.name == source.name


@pytest.mark.parametrize("event", ALONE)
def test_what_comes_alone_is_an_event_each(event: Any) -> None:
    source = source_of(event)
    assert source is not None

    assert source.events([event, event]) == [event, event]


def test_what_a_schedule_sends_of_its_own_is_the_event() -> None:
    assert ScheduleSource().events([{"job": 1}, {"job": 2}]) == [{"job": 1}, {"job": 2}]


def test_items_with_another_batch_input_are_another_event() -> None:
    first, second = to_distributed_map_event(EVENTS, batch_input={"a": 1}), to_distributed_map_event(EVENTS)
    source = source_of(first)
    assert source is not None

    records = [*(source.records(first) or ()), *(source.records(second) or ())]

    assert source.events(records) == [first, second]


def test_records_of_kafka_go_back_to_their_partitions() -> None:
    event = to_kafka_records([{"value": one, "partition": n % 2} for n, one in enumerate([*EVENTS, *EVENTS])])
    source = source_of(event)
    assert source is not None

    (again,) = source.events(source.records(event) or [])

    assert again["records"] == event["records"]


@pytest.mark.parametrize("source", [PipeSource(), WholePipeSource()])
def test_a_pipe_takes_an_array(source: Source) -> None:
    assert source.events([{"a": 1}]) == [[{"a": 1}]]
