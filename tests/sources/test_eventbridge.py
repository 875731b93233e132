from __future__ import annotations

from typing import Any

import pytest

from powertools_stream.errors import MalformedRecordError
from powertools_stream.sources import EventBridgeSource
from powertools_stream.testing.notifications import to_eventbridge_event, to_schedule_event
from powertools_stream.testing.source_suite import SourceSuite
from powertools_stream.uow import Event, Record

NOW = 1_767_225_600_000

# As on the page "EventBridge event message structure" of the S3 guide.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
OBJECT_CREATED: Record = {
    "version": "0",
    "id": "17793124-05d4-b198-2fde-7ededc63b103",
    "detail-type": "Object Created",
    "source": "aws.s3",
    "account": "111122223333",
    "time": "2021-11-12T00:00:00Z",
    "region": "ca-central-1",
    "resources": ["arn:aws:s3:::amzn-s3-demo-bucket1"],
    "detail": {
        "version": "0",
        "bucket": {"name": "amzn-s3-demo-bucket1"},
        "object": {
            "key": "example key",
            "size": 5,
            "etag": "b1946ac92492d2347c6235b4d2611184",
            "version-id": "IYV3p45BT0ac8hjHg1houSdS1a.Mro8e",
            "sequencer": "617f08299329d189",
        },
        "request-id": "N4N7GDK58NMKJ12R",
        "requester": "123456789012",
        "source-ip-address": "1.2.3.4",
        "reason": "PutObject",
    },
}


def read(record: Record) -> Event:
    event = EventBridgeSource().read(record)
    assert isinstance(event, dict)
    return event


class TestEventBridgeSource(SourceSuite):
    def source(self) -> EventBridgeSource:
        return EventBridgeSource()

    def events(self) -> list[dict[str, Any]]:
        return [
            to_eventbridge_event({"type": "order-created", "partition_key": "c-1", "tags": {"stage": "test"}}),
            to_eventbridge_event(to_eventbridge_event({"total": 42}), detail_type="order-created", event_id="2"),
            {**OBJECT_CREATED},
        ]

    def malformed_record(self) -> Record:
        return to_eventbridge_event([1], detail_type="order-created")


def test_the_event_is_the_detail_and_what_it_lacks_comes_from_the_envelope() -> None:
    given = to_eventbridge_event({"total": 42, "tags": {"stage": "test"}}, detail_type="order-created", event_id="e-1")

    assert read(given) == {
        "total": 42,
        "id": "e-1",
        "type": "order-created",
        "timestamp": NOW,
        "tags": {"stage": "test"},
    }


def test_an_event_of_an_aws_service_has_the_detail_type_as_its_type() -> None:
    assert read(OBJECT_CREATED) == {
        **OBJECT_CREATED["detail"],
        "id": "17793124-05d4-b198-2fde-7ededc63b103",
        "type": "Object Created",
        "timestamp": 1636675200000,
        "partition_key": "example key",
        "tags": {"account": "111122223333", "region": "ca-central-1"},
    }


def test_what_an_aws_service_means_by_our_names_stays_in_the_detail() -> None:
    finding = {"id": "f-1", "type": "Recon:EC2/PortProbe", "severity": 5}

    event = read(to_eventbridge_event(finding, source="aws.guardduty", detail_type="GuardDuty Finding", event_id="e-1"))

    assert (event["id"], event["type"], event["severity"]) == ("e-1", "GuardDuty Finding", 5)
    assert event["detail"] == finding


@pytest.mark.parametrize("detail", [{}, {"object": "gone"}, {"object": {}}])
def test_an_event_of_s3_without_a_key_has_no_partition_key(detail: dict[str, Any]) -> None:
    assert "partition_key" not in read(to_eventbridge_event(detail, source="aws.s3", detail_type="Object Created"))


def test_an_event_without_an_id_cannot_be_named() -> None:
    nameless = to_eventbridge_event({"type": "order-created"})
    del nameless["id"]

    assert EventBridgeSource().record_id(nameless) == "undefined"
    with pytest.raises(MalformedRecordError, match="with an id"):
        EventBridgeSource().identifier(nameless)


def test_what_a_schedule_sends_is_left_to_the_source_of_schedules() -> None:
    assert not EventBridgeSource().recognises(to_schedule_event())
    assert EventBridgeSource().records({"detail-type": "x"}) is None
