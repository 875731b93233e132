"""CloudWatch: `PutMetricData`, batched."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from powertools_stream.connectors.base import Entry
from powertools_stream.connectors.cloudwatch.params import form_bytes, to_datum
from powertools_stream.connectors.params import checked, operation_of
from powertools_stream.connectors.service_connector import ServiceConnector
from powertools_stream.environment.settings import setting
from powertools_stream.errors import EntryTooLargeError
from powertools_stream.requests import PutMetricData

__all__ = ["MAX_ENTRIES", "MAX_REQUEST_BYTES", "CloudWatchConnector"]

# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html
MAX_ENTRIES = 1000
# "1 MB". The page does not say whether that is 10⁶ or 2²⁰; the namespace and the operation's name take up to 1,000.
MAX_REQUEST_BYTES = 999_000


class CloudWatchConnector(ServiceConnector):
    """Writes metrics.

    CloudWatch takes all data of a call or none. So what is known to spoil a call is refused here, as the error of one
    request, not of a thousand.
    """

    requests = (PutMetricData,)

    def entries(self, request: PutMetricData) -> Sequence[Entry]:
        """Return one entry: the data point, and its size in the longest of the forms in which boto3 may send it.

        Raises
        ------
        InvalidRequestError
            CloudWatch could not take the data point, and would refuse the whole call for it.
        EntryTooLargeError
            The data point is, on its own, larger than one call may be.
        SettingError
            No namespace is named anywhere.
        """
        params = checked(request)
        given = request.namespace or params.get("Namespace")
        namespace = setting(
            given, "POWERTOOLS_METRICS_NAMESPACE", what="the namespace of the metric", option="namespace"
        )
        datum = to_datum(params)
        size = form_bytes(datum)
        if size > MAX_REQUEST_BYTES:
            raise EntryTooLargeError(
                f"Expected a data point of at most {MAX_REQUEST_BYTES} bytes, but that of {datum['MetricName']!r} has "
                f"{size}."
            )
        operation = operation_of("cloudwatch", "PutMetricData", namespace, MAX_ENTRIES, MAX_REQUEST_BYTES)
        return (Entry(operation, datum, size),)

    def send(self, entries: Sequence[Entry]) -> Sequence[Any]:
        """Make one ``PutMetricData`` call."""
        operation = entries[0].operation
        client = self.clients.client_for(operation)
        client.put_metric_data(Namespace=operation.target, MetricData=[entry.payload for entry in entries])
        return [{}] * len(entries)

    def answer(self, request: PutMetricData, responses: Sequence[Any]) -> Any:
        """Return ``{}``: the API says nothing about a single data point."""
        return {}
