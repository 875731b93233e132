"""The step that flavors for CloudWatch alarms share: reading the alarm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from powertools_stream.sources.cloudwatch import ALARM_TYPE
from powertools_stream.uow import UnitOfWork

__all__ = ["Alarm", "State", "alarm_of", "states_alarm"]

State = Literal["OK", "ALARM", "INSUFFICIENT_DATA"]

# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html
_STATES = frozenset({"OK", "ALARM", "INSUFFICIENT_DATA"})


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm and its new state.

    Parameters
    ----------
    name
        The alarm's name.
    state
        Its new state: ``OK``, ``ALARM`` or ``INSUFFICIENT_DATA``.
    region
        The Region that it is in; None: the event does not say.
    """

    name: str
    state: State
    region: str | None


def alarm_of(uow: UnitOfWork) -> Alarm | None:
    """Return the alarm whose state change the event reports; None if it reports none.

    The event may come from the alarm's own action, from EventBridge or from a topic. EventBridge's event about a change
    of an alarm's configuration is no state change.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
    """
    event = uow["event"]
    if event.get("type") != ALARM_TYPE:
        return None
    if "NewStateValue" in event:
        name, state, arn = event.get("AlarmName"), event["NewStateValue"], event.get("AlarmArn")
    else:
        data = event.get("alarmData") or event
        change = data.get("state")
        name, arn = data.get("alarmName"), event.get("alarmArn")
        state = change.get("value") if isinstance(change, Mapping) else None
    if not isinstance(name, str) or state not in _STATES:
        return None
    return Alarm(name, state, _region(event, arn))


def states_alarm(uow: UnitOfWork) -> bool:
    """Return whether the event is an alarm's state change."""
    return alarm_of(uow) is not None


def _region(event: Mapping[str, Any], arn: Any) -> str | None:
    """Return the Region: from the ARN, since a topic gets only the Region's long name; else from the tags."""
    if isinstance(arn, str) and len(parts := arn.split(":")) > 3 and parts[3]:
        return parts[3]
    tags = event.get("tags")
    region = tags.get("region") if isinstance(tags, Mapping) else None
    return region if isinstance(region, str) and region else None
