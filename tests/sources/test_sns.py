from __future__ import annotations

from typing import Any

import pytest

from powertools_stream.errors import MalformedRecordError
from powertools_stream.sources import SNSSource
from powertools_stream.testing.envelopes import to_eventbridge_envelope
from powertools_stream.testing.notifications import to_s3_records, to_sns_records
from powertools_stream.testing.source_suite import SourceSuite
from powertools_stream.uow import Record


def record(message: Any) -> Record:
    built: Record = to_sns_records([message])["Records"][0]
    return built


class TestSNSSource(SourceSuite):
    def source(self) -> SNSSource:
        return SNSSource()

    def event(self) -> dict[str, Any]:
        return to_sns_records([{"type": "order-created"}, to_s3_records(["a.json", "b.json"])])

    def malformed_record(self) -> Record:
        return record("Hello from SNS!")


def test_what_the_message_lacks_comes_from_the_notification() -> None:
    given = record({"message": {"total": 42}, "message_id": "m-1", "timestamp": 1545082649183})

    assert SNSSource().read(given) == {"total": 42, "id": "m-1", "type": "", "timestamp": 1545082649183, "tags": {}}


def test_envelopes_are_taken_off_before_the_notification_fills_in() -> None:
    envelope = to_eventbridge_envelope({"total": 42}, detail_type="order-created")

    event = SNSSource().read(record(envelope))

    assert isinstance(event, dict)
    assert (event["id"], event["type"], event["total"]) == (envelope["id"], "order-created", 42)


# As on the page "Notifying users on alarm changes" of the CloudWatch guide.
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
def test_what_an_alarm_sends_to_a_topic_has_the_type_that_it_has_on_a_bus() -> None:
    alarm = {"AlarmName": "too-many-errors", "NewStateValue": "ALARM", "OldStateValue": "OK", "Trigger": {}}

    event = SNSSource().read(record(alarm))

    assert isinstance(event, dict)
    assert (event["type"], event["NewStateValue"]) == ("CloudWatch Alarm State Change", "ALARM")


@pytest.mark.parametrize("message", ["Hello from SNS!", "[1]", "42"])
def test_a_message_that_is_no_object_is_malformed(message: str) -> None:
    with pytest.raises(MalformedRecordError, match="Expected the notification's Message") as caught:
        SNSSource().read(record({"message": message, "message_id": "m-1"}))

    assert caught.value.record_id == "m-1"


def test_a_notification_is_named_by_its_message_id() -> None:
    assert SNSSource().identifier(record({"message": {}, "message_id": "m-1"})) == "m-1"
    assert SNSSource().reports_partially is False
    with pytest.raises(MalformedRecordError, match=r"Sns\.MessageId"):
        SNSSource().identifier({"EventSource": "aws:sns"})
