from __future__ import annotations

from typing import Any

import pytest

from powertools_stream.errors import MalformedRecordError
from powertools_stream.sources import KinesisSource
from powertools_stream.testing.envelopes import to_eventbridge_envelope
from powertools_stream.testing.records import to_kinesis_records
from powertools_stream.testing.source_suite import SourceSuite
from powertools_stream.uow import Record


def record(event: Any) -> Record:
    built: Record = to_kinesis_records([event])["Records"][0]
    return built


class TestKinesisSource(SourceSuite):
    def source(self) -> KinesisSource:
        return KinesisSource()

    def event(self) -> dict[str, Any]:
        return to_kinesis_records([{"type": "order-created"}, to_eventbridge_envelope({"type": "order-created"})])

    def malformed_record(self) -> Record:
        return record({"base64": "%", "partition_key": "c-1"})


def test_what_the_data_lacks_comes_from_the_record() -> None:
    given = record({"data": {"total": 42}, "partition_key": "c-1", "timestamp": 1545084650987, "sequence_number": "7"})

    assert KinesisSource().read(given) == {
        "total": 42,
        "id": "shardId-000000000000:7",
        "type": "",
        "timestamp": 1545084650987,
        "tags": {},
        "partition_key": "c-1",
    }


def test_an_eventbridge_envelope_is_taken_off() -> None:
    envelope = to_eventbridge_envelope({"total": 42}, detail_type="order-created")

    event = KinesisSource().read(record(envelope))

    assert isinstance(event, dict)
    assert (event["id"], event["type"], event["total"]) == (envelope["id"], "order-created", 42)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"base64": "%"}, "data to be base64"),
        ({"base64": None}, "data to be base64, found nothing"),
        (b"\xff", "UTF-8"),
        ("not JSON", "not JSON"),
        ("[1]", "a JSON array"),
    ],
)
def test_data_that_is_no_object_is_malformed(given: Any, message: str) -> None:
    malformed = record(given)

    with pytest.raises(MalformedRecordError, match=message) as caught:
        KinesisSource().read(malformed)

    assert caught.value.record_id == malformed["kinesis"]["sequenceNumber"]


def test_a_record_is_named_by_its_sequence_number_and_ordered_by_its_key() -> None:
    given = record({"base64": "%", "partition_key": "c-1", "sequence_number": "7"})

    assert KinesisSource().identifier(given) == "7"
    assert KinesisSource().order_key(given) == "c-1"
    assert KinesisSource().is_grouped(given) is False


def test_a_record_without_a_sequence_number_cannot_be_reported() -> None:
    with pytest.raises(MalformedRecordError, match="sequenceNumber"):
        KinesisSource().identifier({"eventSource": "aws:kinesis"})
    assert KinesisSource().order_key({"eventSource": "aws:kinesis"}) is None
