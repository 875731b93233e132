"""CloudWatch alarms that invoke the function as their action."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any, ClassVar

from powertools_stream.payloads.parsing import malformed, milliseconds
from powertools_stream.sources.invocations import name_of
from powertools_stream.sources.recognition import BuiltInSource
from powertools_stream.sources.source import fields_of, name_in
from powertools_stream.uow import Event, Record

__all__ = ["ALARM_TYPE", "CONTRIBUTOR_TYPE", "AlarmSource"]

ALARM_TYPE = "CloudWatch Alarm State Change"
"""The type of an alarm's change of state, whichever way it comes: as EventBridge names it.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
"""

CONTRIBUTOR_TYPE = "CloudWatch Alarm Contributor State Change"
"""The type if it is one time series, of many that the alarm watches, whose state has changed."""


class AlarmSource(BuiltInSource):
    """An alarm that changed its state. Its type is ``CloudWatch Alarm State Change``, as EventBridge names it.

    What the alarm says of itself stands in ``alarmData``, as AWS sends it, and at the top of the event too
    (``alarmName``, ``state``, ``previousState``, ``configuration``), as in the event that the same alarm sends to
    EventBridge: a rule reads both. Its ``partition_key`` is the alarm's ARN.

    Of an alarm over many time series, each contributor invokes the function as well. Such an event has an
    ``alarmContributor`` and the type ``CloudWatch Alarm Contributor State Change``: that one contributor is ``OK``
    again does not say that the alarm is.

    An alarm invokes the function asynchronously: there is no partial response, so a reported record fails the
    invocation.
    """

    name: ClassVar[str] = "alarm"
    reports_partially: ClassVar[bool] = False

    def records(self, event: Mapping[str, Any]) -> list[Record] | None:
        """Return the event itself, as the only record."""
        return [dict(event)] if self.recognises(event) else None

    def read(self, record: Record) -> Event:
        """Make an event of the change."""
        # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html
        record_id = self.record_id(record)
        arn, data = self.order_key(record), fields_of(fields_of(record).get("alarmData"))
        if arn is None or not isinstance(data.get("state"), Mapping):
            raise malformed(record_id, "an alarm with an alarmArn and an alarmData.state", "none")
        return {
            **data,
            **record,
            "id": name_of(record_id),
            "type": CONTRIBUTOR_TYPE if "alarmContributor" in data else ALARM_TYPE,
            "timestamp": milliseconds(record.get("time")) or 0,
            "partition_key": arn,
            "tags": {"account": record.get("accountId"), "region": record.get("region")},
        }

    def identifier(self, record: Record) -> Any:
        """Return the alarm's ARN, the time of the change and the contributor's id, if it is a contributor's."""
        name = f"{name_in(record, ('alarmArn',), 'an alarm with an alarmArn')}/{record.get('time')}"
        # Contributors change their states in the same evaluation of the alarm.
        contributor = fields_of(record.get("alarmData")).get("alarmContributor")
        return f"{name}/{contributor.get('id')}" if isinstance(contributor, Mapping) else name

    def order_key(self, record: Record) -> Hashable | None:
        """Return the alarm's ARN."""
        arn = fields_of(record).get("alarmArn")
        return arn if isinstance(arn, str) else None
