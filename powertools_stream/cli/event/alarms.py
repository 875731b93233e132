"""The forms of a CloudWatch alarm in which it does not invoke the function itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["on_bus", "on_topic"]


def on_bus(alarm: Mapping[str, Any]) -> tuple[dict[str, Any], str, str, tuple[str, ...]]:
    """Return the detail, the source, the detail type and the resources of an alarm's event.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
    """
    return dict(alarm["alarmData"]), "aws.cloudwatch", "CloudWatch Alarm State Change", (alarm["alarmArn"],)


def on_topic(alarm: Mapping[str, Any]) -> dict[str, Any]:
    """Return the message that an alarm sends to a topic.

    https://docs.aws.amazon.com/sns/latest/dg/sns-lambda-as-subscriber.html
    """
    data = alarm["alarmData"]
    (metric,) = data["configuration"]["metrics"]
    stat = metric["metricStat"]
    return {
        "AlarmName": data["alarmName"],
        "AlarmDescription": data["configuration"]["description"],
        "AWSAccountId": alarm["accountId"],
        "AlarmConfigurationUpdatedTimestamp": data["previousState"]["timestamp"],
        "NewStateValue": data["state"]["value"],
        "NewStateReason": data["state"]["reason"],
        "StateChangeTime": data["state"]["timestamp"],
        "Region": "US West (Oregon)",
        "AlarmArn": alarm["alarmArn"],
        "OldStateValue": data["previousState"]["value"],
        "OKActions": [],
        "AlarmActions": [],
        "InsufficientDataActions": [],
        "Trigger": {
            "MetricName": stat["metric"]["name"],
            "Namespace": stat["metric"]["namespace"],
            "StatisticType": "Statistic",
            "Statistic": stat["stat"].upper(),
            "Dimensions": [{"name": name, "value": value} for name, value in stat["metric"]["dimensions"].items()],
            "Period": stat["period"],
            "EvaluationPeriods": 1,
            "ComparisonOperator": "GreaterThanThreshold",
            "Threshold": 0.0,
        },
    }
