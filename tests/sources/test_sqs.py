from __future__ import annotations

import json
from typing import Any

import pytest

from powertools_stream.errors import MalformedRecordError
from powertools_stream.sources import SQSSource
from powertools_stream.testing.envelopes import to_eventbridge_envelope, to_sns_envelope
from powertools_stream.testing.records import to_sqs_records
from powertools_stream.testing.source_suite import SourceSuite
from powertools_stream.uow import Record


def record(message: Any, **options: Any) -> Record:
    built: Record = to_sqs_records([message], **options)["Records"][0]
    return built


class TestSQSSource(SourceSuite):
    def source(self) -> SQSSource:
        return SQSSource(max_receive_count=3)

    def event(self) -> dict[str, Any]:
        return to_sqs_records([
            {"type": "order-created", "tags": {"region": "us-east-1"}},
            to_eventbridge_envelope({"partitionKey": "c-1"}, detail_type="order-created"),
        ])  # fmt: skip

    def malformed_record(self) -> Record:
        return record("not JSON")


class TestSQSSourceOnFifoQueue(TestSQSSource):
    def event(self) -> dict[str, Any]:
        return to_sqs_records([{"partition_key": "a"}, {"partition_key": "b"}, {}], fifo=True)

    def malformed_record(self) -> Record:
        return record({"body": None, "group_id": "a"}, fifo=True)


def test_what_the_body_lacks_comes_from_the_message() -> None:
    message = record({"body": {"total": 42}, "message_id": "m-1", "timestamp": 1545082649183, "group_id": "c-1"})

    assert SQSSource().read(message) == {
        "total": 42,
        "id": "m-1",
        "type": "",
        "timestamp": 1545082649183,
        "tags": {},
        "partition_key": "c-1",
    }


def test_envelopes_are_taken_off_before_the_message_fills_in() -> None:
    envelope = to_eventbridge_envelope({"total": 42}, detail_type="order-created")

    event = SQSSource().read(record(to_sns_envelope(envelope)))

    assert isinstance(event, dict)
    assert (event["id"], event["type"], event["total"]) == (envelope["id"], "order-created", 42)


@pytest.mark.parametrize("body", ["not JSON", "[1]", "42", '"text"', "null", None])
def test_a_body_that_is_no_object_is_malformed(body: str | None) -> None:
    with pytest.raises(MalformedRecordError, match="Expected the message's body") as caught:
        SQSSource().read(record({"body": body, "message_id": "m-1"}))

    assert caught.value.record_id == "m-1"


def test_a_message_is_named_by_its_message_id() -> None:
    assert SQSSource().identifier(record({"body": {}, "message_id": "m-1"})) == "m-1"


@pytest.mark.parametrize("nameless", [{}, {"messageId": ""}, {"messageId": None}])
def test_a_message_without_an_id_cannot_be_reported(nameless: Record) -> None:
    with pytest.raises(MalformedRecordError, match="messageId"):
        SQSSource().identifier(nameless)


def test_a_group_orders_messages_on_a_fifo_queue_only() -> None:
    message = {"body": "not JSON", "group_id": "c-1"}

    assert SQSSource().order_key(record(message)) is None
    assert SQSSource().is_grouped(record(message)) is False
    assert SQSSource().order_key(record(message, fifo=True)) == "c-1"
    assert SQSSource().is_grouped(record(message, fifo=True)) is True


def test_the_option_wins_over_the_name_of_the_queue() -> None:
    message = {"body": {}, "group_id": "c-1"}

    assert SQSSource(fifo=True).order_key(record(message)) == "c-1"
    assert SQSSource(fifo=False).order_key(record(message, fifo=True)) is None


def test_messages_of_a_fifo_queue_without_a_group_are_ordered_among_themselves() -> None:
    assert SQSSource(fifo=True).order_key({"messageId": "m-1"}) == ""


def test_the_last_attempt_is_told_by_the_receive_count() -> None:
    source = SQSSource(max_receive_count=3)

    assert [source.is_last_attempt(record({"body": {}, "receive_count": n})) for n in (1, 2, 3, 4)] == [
        False, False, True, True,
    ]  # fmt: skip
    assert source.attempt(record({"body": {}, "receive_count": 2})) == 2
    assert source.attempt({}) is None
    assert source.is_last_attempt({}) is False
    assert SQSSource().is_last_attempt(record({"body": {}, "receive_count": 99})) is False


def test_a_message_with_little_but_a_body_is_read() -> None:
    assert SQSSource().read({"messageId": "m-1", "body": json.dumps({"type": "t"})}) == {
        "type": "t",
        "id": "m-1",
        "timestamp": 0,
        "tags": {},
    }
