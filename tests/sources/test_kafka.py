from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest

from powertools_stream.errors import MalformedRecordError
from powertools_stream.sources import KafkaSource
from powertools_stream.testing.records import to_kafka_records
from powertools_stream.testing.source_suite import SourceSuite
from powertools_stream.uow import Record


def record(event: Any) -> Record:
    (built,) = KafkaSource().records(to_kafka_records([event])) or []
    return built


class TestKafkaSource(SourceSuite):
    def source(self) -> KafkaSource:
        return KafkaSource()

    def event(self) -> dict[str, Any]:
        return to_kafka_records([
            {"type": "order-created", "partition_key": "c-1"},
            {"value": {"type": "order-created"}, "partition": 1},
            {"value": None, "key": "c-1"},
        ])  # fmt: skip

    def malformed_record(self) -> Record:
        return record({"base64": "%", "key": "c-1"})


class TestKafkaSourceOfASelfManagedCluster(TestKafkaSource):
    def event(self) -> dict[str, Any]:
        return to_kafka_records([{}, {}], self_managed=True)


def test_what_the_value_lacks_comes_from_the_record() -> None:
    given = record({"value": {"total": 42}, "key": "c-1", "offset": 15, "topic": "sales", "timestamp": 1545084650987})

    assert KafkaSource().read(given) == {
        "total": 42,
        "id": "sales-0-15",
        "type": "",
        "timestamp": 1545084650987,
        "tags": {},
        "partition_key": "c-1",
    }


def test_records_come_partition_by_partition_in_order() -> None:
    event = to_kafka_records([{"value": {}, "partition": n} for n in (1, 0, 1)])

    records = KafkaSource().records(event) or []

    assert [(part["partition"], part["offset"]) for part in records] == [(1, 0), (1, 1), (0, 0)]


@pytest.mark.parametrize(
    "event", [{}, {"Records": []}, {"records": []}, {"records": {"orders-0": {}}}, {"records": None}]
)
def test_an_event_of_another_shape_has_no_place_for_records(event: dict[str, Any]) -> None:
    assert KafkaSource().records(event) is None


def test_a_tombstone_is_a_valid_record() -> None:
    tombstone = record({"value": None, "key": "c-1"})

    event = KafkaSource().read(tombstone)

    assert event == {
        "id": "orders-0-0",
        "type": "",
        "timestamp": tombstone["timestamp"],
        "tags": {},
        "partition_key": "c-1",
    }
    del tombstone["value"]
    assert KafkaSource().read(tombstone) == event


@pytest.mark.parametrize(
    ("given", "message"),
    [({"base64": "%"}, "base64"), (b"\xff", "UTF-8"), ("not JSON", "not JSON"), ("[1]", "a JSON array")],
)
def test_a_value_that_is_no_object_is_malformed(given: Any, message: str) -> None:
    with pytest.raises(MalformedRecordError, match=message) as caught:
        KafkaSource().read(record(given))

    assert caught.value.record_id == "orders-0-0"


def test_a_record_is_named_by_partition_and_offset() -> None:
    given = record({"value": {}, "topic": "sales", "partition": "2", "offset": 15})

    assert KafkaSource().identifier(given) == {"partition": "sales-2", "offset": 15}
    assert KafkaSource().record_id(given) == "sales-2-15"
    with pytest.raises(MalformedRecordError, match="offset"):
        KafkaSource().identifier({"topic": "sales", "partition": 2})


def test_a_key_orders_records_within_its_topic() -> None:
    assert KafkaSource().order_key(record({"base64": "%", "key": "c-1"})) == ("orders", b64encode(b"c-1").decode())
    assert KafkaSource().order_key(record({})) is None


def test_a_key_that_is_no_text_stays_base64() -> None:
    for given, key in ((record({"value": {}, "key": b"\xff"}), "/w=="), ({**record({}), "key": "%"}, "%")):
        event = KafkaSource().read(given)
        assert isinstance(event, dict)
        assert event["partition_key"] == key
