from __future__ import annotations

import copy
from typing import Any

import pytest

from powertools_stream.errors import MalformedRecordError
from powertools_stream.flavors import alarm_of
from powertools_stream.sources import AlarmSource, EventBridgeSource, SNSSource
from powertools_stream.testing.notifications import to_alarm_event, to_eventbridge_event, to_sns_records
from powertools_stream.testing.source_suite import SourceSuite
from powertools_stream.uow import Record, UnitOfWork

# As on the page "Invoke a Lambda function from an alarm", for a composite alarm.
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html
COMPOSITE: Record = {
    "source": "aws.cloudwatch",
    "alarmArn": "arn:aws:cloudwatch:us-east-1:111122223333:alarm:SuppressionDemo.Main",
    "accountId": "111122223333",
    "time": "2023-08-04T12:56:46.138+0000",
    "region": "us-east-1",
    "alarmData": {
        "alarmName": "CompositeDemo.Main",
        "state": {
            "value": "ALARM",
            "reason": "arn:aws:cloudwatch:us-east-1:111122223333:alarm:CompositeDemo.FirstChild transitioned to ALARM",
            "reasonData": '{"triggeringAlarms":[]}',
            "timestamp": "2023-08-04T12:54:46.138+0000",
        },
        "previousState": {
            "value": "ALARM",
            "reason": "…",
            "timestamp": "2023-08-04T12:54:46.138+0000",
            "actionsSuppressedBy": "WaitPeriod",
            "actionsSuppressedReason": "Actions suppressed by WaitPeriod",
        },
        "configuration": {
            "alarmRule": "ALARM(CompositeDemo.FirstChild) OR ALARM(CompositeDemo.SecondChild)",
            "actionsSuppressor": "CompositeDemo.ActionsSuppressor",
            "actionsSuppressorWaitPeriod": 120,
            "actionsSuppressorExtensionPeriod": 180,
        },
    },
}

# For a contributor: with `alarmContributor`, without `previousState`.
CONTRIBUTOR: Record = {
    **COMPOSITE,
    "alarmData": {
        "alarmName": "DynamoDBInsightsAlarm",
        "alarmContributor": {"id": "6d442278dba546f6", "attributes": {"TableName": "orders"}},
        "state": {"value": "OK", "reason": "…", "timestamp": "2023-08-04T12:54:46.138+0000"},
        "configuration": {"metrics": []},
    },
}


class TestAlarmSource(SourceSuite):
    def source(self) -> AlarmSource:
        return AlarmSource()

    def events(self) -> list[dict[str, Any]]:
        return [
            to_alarm_event(),
            to_alarm_event(state="OK", timestamp=1_767_225_700_000),
            {**COMPOSITE},
            {**CONTRIBUTOR},
        ]

    def malformed_record(self) -> Record:
        return {**to_alarm_event(), "alarmData": "ALARM"}


def test_an_alarm_is_an_event() -> None:
    event = AlarmSource().read(COMPOSITE)

    assert event == {
        **COMPOSITE["alarmData"],
        **COMPOSITE,
        "id": event["id"],
        "type": "CloudWatch Alarm State Change",
        "timestamp": 1691153806138,
        "partition_key": COMPOSITE["alarmArn"],
        "tags": {"account": "111122223333", "region": "us-east-1"},
    }


def test_a_rule_reads_an_alarm_in_one_way_however_it_comes() -> None:
    given = to_alarm_event("too-many-errors")
    on_a_bus = to_eventbridge_event(
        given["alarmData"], source="aws.cloudwatch", detail_type="CloudWatch Alarm State Change"
    )

    direct, from_bus = AlarmSource().read(given), EventBridgeSource().read(on_a_bus)

    assert isinstance(from_bus, dict)
    for event in (direct, from_bus):
        assert (event["type"], event["alarmName"]) == ("CloudWatch Alarm State Change", "too-many-errors")
        assert (event["state"]["value"], event["previousState"]["value"]) == ("ALARM", "OK")


def test_a_contributor_of_an_alarm_is_not_taken_for_the_alarm() -> None:
    other = copy.deepcopy(CONTRIBUTOR)
    other["alarmData"]["alarmContributor"]["id"] = "0e1b"
    on_a_bus = to_eventbridge_event(
        CONTRIBUTOR["alarmData"], source="aws.cloudwatch", detail_type="CloudWatch Alarm Contributor State Change"
    )
    (from_a_topic,) = to_sns_records([{"AlarmName": "a", "NewStateValue": "OK", "AlarmContributorId": "0e1b"}])[
        "Records"
    ]

    event = AlarmSource().read(CONTRIBUTOR)

    assert event["type"] == "CloudWatch Alarm Contributor State Change"
    assert event["alarmContributor"]["attributes"] == {"TableName": "orders"}
    assert alarm_of(UnitOfWork(record=CONTRIBUTOR, event=event)) is None  # nothing is switched
    for read in (EventBridgeSource().read(on_a_bus), SNSSource().read(from_a_topic)):
        assert isinstance(read, dict)
        assert read["type"] == event["type"]
    # Two of them may change in the same evaluation.
    assert event["id"] != AlarmSource().read(other)["id"]
    assert AlarmSource().identifier(CONTRIBUTOR) != AlarmSource().identifier(other)
    assert AlarmSource().order_key(CONTRIBUTOR) == AlarmSource().order_key(other)


def test_the_id_is_that_of_the_change() -> None:
    first, again, later = to_alarm_event(), to_alarm_event(), to_alarm_event(timestamp=1_767_225_700_000)

    assert AlarmSource().read(first)["id"] == AlarmSource().read(again)["id"] != AlarmSource().read(later)["id"]


@pytest.mark.parametrize("data", [None, {}, {"state": "ALARM"}])
def test_an_alarm_without_a_state_is_malformed(data: Any) -> None:
    with pytest.raises(MalformedRecordError, match=r"alarmData\.state"):
        AlarmSource().read({**to_alarm_event(), "alarmData": data})


def test_an_alarm_orders_its_changes() -> None:
    assert AlarmSource().order_key(COMPOSITE) == COMPOSITE["alarmArn"]
    assert AlarmSource().records({"alarmArn": "x"}) is None
