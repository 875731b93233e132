"""The request for CloudWatch metrics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from powertools_stream.requests.permissions import Permission, Place
from powertools_stream.requests.request import Request

__all__ = ["PutMetricData"]


# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/iam-cw-condition-keys-namespace.html
NAMESPACE = Place("*", "namespace", "Namespace", ("POWERTOOLS_METRICS_NAMESPACE",), condition="cloudwatch:namespace")


@dataclass(frozen=True, slots=True)
class PutMetricData(Request):
    """Write one data point of a metric; batched into ``PutMetricData``. Answers ``{}``.

    Parameters
    ----------
    params
        What CloudWatch takes as one ``MetricDatum``: ``{"MetricName": …, "Value": …, "Unit": …, "Dimensions": […]}``.
        A ``Timestamp`` is a `datetime` (UTC, if it names no zone), text in ISO 8601, or a number of seconds since
        1970 or, as in an event, milliseconds. Default: when CloudWatch receives it.
    namespace
        Default: ``params["Namespace"]``, then ``POWERTOOLS_METRICS_NAMESPACE``.
    """

    permissions: ClassVar[tuple[Permission, ...]] = (Permission("cloudwatch:PutMetricData", NAMESPACE),)

    params: Mapping[str, Any]
    namespace: str | None = field(default=None, kw_only=True)

    def sample_answer(self, n: int) -> Any:
        """Answer that it is done."""
        return {}
