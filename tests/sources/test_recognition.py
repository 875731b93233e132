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
    DynamoDBSource,
    KafkaSource,
    KinesisSource,
    Source,
    SQSSource,
    source_of,
    source_of_event_type,
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
]


class TicketSource(Source):
    """A source of one's own: its event keeps its records elsewhere."""

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


@pytest.mark.parametrize(("event", "kind"), EVENTS)
def test_the_source_is_told_from_the_records_alone(event: dict[str, Any], kind: type[Source]) -> None:
    records = kind().records(event)

    assert records
    assert type(source_of(records)) is kind


@pytest.mark.parametrize("event", [{"Records": []}, {"records": {}}, {"records": {"orders-0": []}}, []])
def test_an_empty_batch_is_of_any_source(event: Any) -> None:
    assert source_of(event) is None
    assert source_of(event, [TicketSource(), SQSSource()]) is None


def test_sources_of_ones_own_are_tried_first_and_in_order() -> None:
    first, second = SQSSource(max_receive_count=3), SQSSource()

    assert source_of(to_sqs_records([{}]), [TicketSource(), first, second]) is first
    assert type(source_of(to_kinesis_records([{}]), [TicketSource(), first])) is KinesisSource


def test_a_source_of_ones_own_may_keep_its_records_elsewhere() -> None:
    tickets = TicketSource()

    assert source_of({"tickets": [{"kind": "ticket", "no": 1}]}, [tickets]) is tickets
    assert source_of([{"kind": "ticket", "no": 1}], [tickets]) is tickets
    assert source_of({"tickets": []}, [tickets]) is None


@pytest.mark.parametrize(
    ("event", "found"),
    [
        ({}, "found no keys"),
        ({"detail-type": "x", "detail": {}}, "found the keys 'detail-type', 'detail'"),
        ({"Records": {}}, "found the keys 'Records'"),
        ({"Records": None}, "found the keys 'Records'"),
        ({"records": [1]}, "found the keys 'records'"),
        ({"Records": [{"eventSource": "aws:heard-of"}]}, "found records of 'aws:heard-of'"),
        ({"Records": [{"EventSource": "aws:sns"}]}, "found records of 'aws:sns'"),
        ({"Records": [{"eventSource": ["aws:sqs"]}]}, "its first record the keys 'eventSource'"),
        ({"Records": [{}]}, "its first record no keys"),
        ({"Records": ["text"]}, "a record of type str"),
        ([{"body": "x"}], "its first record the keys 'body'"),
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


def test_the_type_of_a_domain_event_is_sent_to_where_it_belongs() -> None:
    with pytest.raises(UnknownSourceError, match=r"found 'order-created'\. .* Rule\(event_type=…\)"):
        source_of_event_type("order-created")


def test_the_package_offers_what_it_exports_and_nothing_else() -> None:
    assert all(getattr(sources, name) is not None for name in sources.__all__)
    assert set(sources.__all__) <= set(dir(sources))
    with pytest.raises(AttributeError, match="no attribute 'S4Source'"):
        sources.S4Source  # noqa: B018


def test_a_function_imports_the_source_that_it_meets_and_no_other() -> None:
    code = (
        "import sys; from powertools_stream.sources import source_of;"
        "source_of({'Records': [{'eventSource': 'aws:kinesis'}]});"
        "print(sorted(m.rpartition('.')[2] for m in sys.modules if m.startswith('powertools_stream.sources.')));"
        "print('boto3' in sys.modules)"
    )

    out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout

    assert out.splitlines()[0] == "['envelopes', 'kinesis', 'recognition', 'source']"
