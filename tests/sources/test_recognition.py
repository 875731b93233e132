from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest
from aws_lambda_powertools.utilities.batch import EventType

from powertools_stream import sources
from powertools_stream.errors import UnknownSourceError
from powertools_stream.sources import (
    AlarmSource,
    CognitoSource,
    DestinationSource,
    DistributedMapSource,
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
    source_of,
)
from powertools_stream.sources.recognition import source_of_event_type, source_of_records
from powertools_stream.testing.firehose import to_firehose_records
from powertools_stream.testing.notifications import (
    to_alarm_event,
    to_cognito_event,
    to_destination_event,
    to_distributed_map_event,
    to_eventbridge_event,
    to_pipe_records,
    to_s3_records,
    to_schedule_event,
    to_sns_records,
)
from powertools_stream.testing.records import to_dynamodb_records, to_kafka_records, to_kinesis_records, to_sqs_records
from powertools_stream.uow import Event, Record

EVENTS: list[tuple[dict[str, Any], type[Source]]] = [
    (to_sqs_records([{}]), SQSSource),
    (to_sqs_records([{}], fifo=True), SQSSource),
    (to_kinesis_records([{}]), KinesisSource),
    (to_dynamodb_records([{"new_image": {"pk": "1"}}]), DynamoDBSource),
    (to_kafka_records([{}]), KafkaSource),
    (to_kafka_records([{}], self_managed=True), KafkaSource),
    (to_s3_records(["orders/1.json"]), S3Source),
    (to_sns_records([{}]), SNSSource),
    (to_eventbridge_event({"type": "order-created"}), EventBridgeSource),
    (to_eventbridge_event({}, source="aws.s3", detail_type="Object Created"), EventBridgeSource),
    (to_eventbridge_event({}, source="custom", detail_type="Scheduled Event"), EventBridgeSource),
    (to_schedule_event(), ScheduleSource),
    (to_schedule_event(group=None), ScheduleSource),
    (to_alarm_event(), AlarmSource),
    (to_cognito_event(), CognitoSource),
    (to_alarm_event(contributor={"TableName": "orders"}), AlarmSource),
    (to_firehose_records([{}]), FirehoseSource),
    (to_firehose_records([{}], origin="kinesis"), FirehoseSource),
    (to_firehose_records([{}], origin="msk"), FirehoseSource),
    (to_destination_event({"total": 1}), DestinationSource),
    (to_distributed_map_event([{"total": 1}]), DistributedMapSource),
    (to_distributed_map_event([1], batch_input={}), DistributedMapSource),
]


def without(event: dict[str, Any], *names: str) -> dict[str, Any]:
    """Leave fields out of an event and its records, as tools and tests do that make events."""
    left = {name: value for name, value in event.items() if name not in names}
    for batch in ("Records", "records"):
        if isinstance(left.get(batch), list):
            left[batch] = [without(record, *names) for record in left[batch]]
    return left


BARE: list[tuple[dict[str, Any], type[Source]]] = [
    (without(event, "eventSource", "EventSource", "deliveryStreamArn", "invocationId", "region"), source)
    for event, source in EVENTS
    if "Records" in event or "records" in event
]

PIPES: list[tuple[list[dict[str, Any]], type[Source]]] = [
    (to_pipe_records(to_sqs_records([{}])), PipeSource),
    (to_pipe_records(to_kinesis_records([{}])), PipeSource),
    (to_pipe_records(to_dynamodb_records([{"new_image": {"pk": "1"}}])), PipeSource),
    ([{"messageId": "1", "total": 42}], PipeSource),
    (to_pipe_records(to_kafka_records([{}])), WholePipeSource),
    ([to_eventbridge_event({})], WholePipeSource),
    ([{"eventSource": "aws:amq", "messageID": "ID:1", "data": "e30="}], WholePipeSource),
    ([{"eventSource": "aws:rmq", "basicProperties": {"messageId": None}, "data": "e30="}], WholePipeSource),
]


class TicketSource(Source):
    """A user-written source, whose event has its records in another place."""

    name = "tickets"

    def recognises(self, record: Mapping[str, Any]) -> bool:
        return record.get("kind") == "ticket"

    def records(self, event: Mapping[str, Any]) -> list[Record] | None:
        return event.get("tickets")

    def read(self, record: Record) -> Event:
        return {"id": record["no"]}

    def identifier(self, record: Record) -> str:
        return str(record["no"])


@pytest.mark.parametrize(("event", "kind"), EVENTS)
def test_the_source_is_told_from_the_event(event: dict[str, Any], kind: type[Source]) -> None:
    assert type(source_of(event)) is kind


@pytest.mark.parametrize(("event", "kind"), BARE)
def test_a_batch_is_told_from_the_looks_of_its_records(event: dict[str, Any], kind: type[Source]) -> None:
    options = kind()

    assert type(source_of(event)) is kind
    assert source_of(event, [options]) is options


@pytest.mark.parametrize(("event", "kind"), EVENTS)
def test_the_source_is_told_from_the_records_alone(event: dict[str, Any], kind: type[Source]) -> None:
    records = kind().records(event)

    assert records
    assert type(source_of_records(records)) is kind


@pytest.mark.parametrize(("event", "kind"), EVENTS)
def test_no_other_source_takes_the_event(event: dict[str, Any], kind: type[Source]) -> None:
    for other in {kind for _, kind in EVENTS} - {kind}:
        assert type(source_of(event, [other()])) is kind


@pytest.mark.parametrize(("items", "kind"), PIPES)
def test_an_array_is_of_a_pipe(items: list[dict[str, Any]], kind: type[Source]) -> None:
    assert type(source_of(items)) is kind


def test_a_source_with_options_reads_the_records_of_a_pipe() -> None:
    tables, own = DynamoDBSource(pk="site"), PipeSource()
    items = to_pipe_records(to_dynamodb_records([{"new_image": {"pk": "1"}}]))

    found = source_of(items, [SQSSource(), tables])

    assert isinstance(found, PipeSource)
    assert found.source is tables
    assert source_of(items, [SQSSource(), own, tables]) is own


def test_a_source_of_ones_own_reads_the_items_of_a_pipe() -> None:
    tickets = TicketSource()

    found = source_of([{"kind": "ticket", "no": 1}], [tickets])

    assert type(found) is WholePipeSource
    assert found.source is tickets


@pytest.mark.parametrize(
    "event",
    [
        {"Records": []},
        {"records": {}},
        {"records": {"orders-0": []}},
        {"deliveryStreamArn": "x", "records": []},
        {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "orders"},
        [],
    ],
)
def test_an_empty_batch_is_of_any_source(event: Any) -> None:
    assert source_of(event) is None
    assert source_of(event, [TicketSource(), SQSSource()]) is None
    assert source_of_records([]) is None


def test_sources_of_ones_own_are_tried_first_and_in_order() -> None:
    first, second = SQSSource(max_receive_count=3), SQSSource()

    assert source_of(to_sqs_records([{}]), [TicketSource(), first, second]) is first
    assert type(source_of(to_kinesis_records([{}]), [TicketSource(), first])) is KinesisSource


def test_a_source_of_ones_own_may_keep_its_records_elsewhere() -> None:
    tickets = TicketSource()

    assert source_of({"tickets": [{"kind": "ticket", "no": 1}]}, [tickets]) is tickets
    assert source_of_records([{"kind": "ticket", "no": 1}], [tickets]) is tickets
    assert source_of({"tickets": []}, [tickets]) is None


@pytest.mark.parametrize(
    ("event", "found"),
    [
        ({}, "found no keys"),
        ({"detail-type": "x"}, "found the keys 'detail-type'"),
        ({"eventSource": "aws:sqs", "body": "{}"}, "found the keys 'eventSource', 'body'"),
        ({"records": [{"recordId": "1"}]}, "found the keys 'records'"),
        ({"records": []}, "found the keys 'records'"),
        ({"Records": {}}, "found the keys 'Records'"),
        ({"Records": None}, "found the keys 'Records'"),
        ({"records": [1]}, "found the keys 'records'"),
        ({"Records": [{"eventSource": "aws:heard-of"}]}, "found records of 'aws:heard-of'"),
        ({"Records": [{"EventSource": "aws:ses"}]}, "found records of 'aws:ses'"),
        ({"Records": [{"eventSource": ["aws:sqs"]}]}, "its first record the keys 'eventSource'"),
        ({"Records": [{}]}, "its first record no keys"),
        ({"Records": ["text"]}, "a record of type str"),
        ([{"body": "x"}], "found an array, its first item with the keys 'body'"),
        (["text"], "found an array with an item of type str"),
        (None, "a value of type NoneType"),
        ("text", "a value of type str"),
    ],
)
def test_an_unknown_event_says_what_was_found_and_what_to_do(event: Any, found: str) -> None:
    with pytest.raises(UnknownSourceError, match=found) as caught:
        source_of(event, [TicketSource()] if isinstance(event, dict) else [])

    assert str(caught.value).startswith("Expected an event with records of SQS")
    assert "source=" in str(caught.value)


@pytest.mark.parametrize(
    ("event_type", "kind"),
    [
        (EventType.SQS, SQSSource),
        (EventType.KinesisDataStreams, KinesisSource),
        (EventType.DynamoDBStreams, DynamoDBSource),
        (EventType.Kafka, KafkaSource),
    ],
)
def test_the_source_of_an_event_type_of_powertools(event_type: EventType, kind: type[Source]) -> None:
    source = source_of_event_type(event_type)

    assert type(source) is kind
    assert source.event_type is event_type


def test_records_alone_of_no_source_say_what_was_found() -> None:
    with pytest.raises(UnknownSourceError, match="its first record the keys 'body'"):
        source_of_records([{"body": "x"}])


def test_the_type_of_a_domain_event_is_sent_to_where_it_belongs() -> None:
    with pytest.raises(UnknownSourceError, match=r"found 'order-created'\. .* Rule\(event_type=…\)"):
        source_of_event_type("order-created")


def test_the_package_offers_what_it_exports_and_nothing_else() -> None:
    assert all(getattr(sources, name) is not None for name in sources.__all__)
    assert set(sources.__all__) <= set(dir(sources))
    with pytest.raises(AttributeError, match="no attribute 'S4Source'"):
        sources.S4Source  # type: ignore[attr-defined]  # noqa: B018


def test_a_function_imports_the_source_that_it_meets_and_no_other() -> None:
    code = (
        "import sys; from powertools_stream.sources import source_of;"
        "source_of({'Records': [{'eventSource': 'aws:kinesis'}]});"
        "print(sorted(m.rpartition('.')[2] for m in sys.modules if m.startswith('powertools_stream.sources.')));"
        "print('boto3' in sys.modules)"
    )

    out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout

    assert out.splitlines()[0] == "['detection', 'envelopes', 'kinesis', 'recognition', 'source']"
