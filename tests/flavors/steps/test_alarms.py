from __future__ import annotations

import pickle
from typing import Any

import pytest

from powertools_stream.environment.settings import whole_number
from powertools_stream.errors import SettingError
from powertools_stream.flavors.steps.alarms import Alarm, alarm_of, states_alarm
from powertools_stream.sources.cloudwatch import ALARM_TYPE
from powertools_stream.uow import UnitOfWork

ARN = "arn:aws:cloudwatch:us-east-1:444455556666:alarm:errors"


def uow(**event: Any) -> UnitOfWork:
    return UnitOfWork(event={"id": "1", "type": ALARM_TYPE, "timestamp": 5, **event})


@pytest.mark.parametrize(
    "event",
    [
        {"alarmArn": ARN, "alarmData": {"alarmName": "errors", "state": {"value": "ALARM"}}},
        {
            "alarmArn": ARN,
            "alarmData": {"alarmName": "errors", "state": {"value": "ALARM"}},
            "alarmName": "errors",
            "state": {"value": "ALARM"},
            "tags": {"region": "us-east-1"},
        },
        {"alarmName": "errors", "state": {"value": "ALARM"}, "tags": {"account": "1", "region": "us-east-1"}},
        {"AlarmName": "errors", "NewStateValue": "ALARM", "Region": "US East (N. Virginia)", "AlarmArn": ARN},
    ],
    ids=["the alarm's action", "as its source reads it", "EventBridge", "a topic"],
)
def test_an_alarm_is_read_whichever_way_it_comes(event: dict[str, Any]) -> None:
    assert alarm_of(uow(**event)) == Alarm("errors", "ALARM", "us-east-1")
    assert states_alarm(uow(**event))


@pytest.mark.parametrize(
    "event",
    [
        {"type": "order-created", "alarmName": "errors", "state": {"value": "OK"}},
        {"type": "CloudWatch Alarm Configuration Change", "alarmName": "errors", "state": {"value": "OK"}},
        {"alarmName": "errors", "state": {"value": "ok"}},
        {"alarmName": "errors", "state": "OK"},
        {"alarmName": "errors"},
        {"state": {"value": "OK"}},
    ],
)
def test_what_is_no_change_of_an_alarms_state_is_none(event: dict[str, Any]) -> None:
    assert alarm_of(uow(**event)) is None
    assert not states_alarm(uow(**event))


@pytest.mark.parametrize("tags", [None, {}, {"region": None}, "us-east-1"])
def test_an_alarm_may_not_say_its_region(tags: Any) -> None:
    alarm = alarm_of(uow(alarmName="errors", state={"value": "OK"}, tags=tags))

    assert alarm == Alarm("errors", "OK", None)
    assert pickle.loads(pickle.dumps(alarm)) == alarm


def test_a_number_is_the_one_given_then_that_of_the_environment_then_the_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert whole_number(None, "A", "B", default=3) == 3

    monkeypatch.setenv("B", "2")
    assert whole_number(None, "A", "B", default=3) == 2
    monkeypatch.setenv("A", "1")
    assert whole_number(None, "A", "B", default=3) == 1
    assert whole_number(7, "A", "B", default=3) == 7


@pytest.mark.parametrize("value", ["many", "0", "-1", "1.5"])
def test_what_is_no_number_is_a_setting_error(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("A", value)

    with pytest.raises(SettingError, match="Expected A to be a whole number above 0"):
        whole_number(None, "A", default=3)
