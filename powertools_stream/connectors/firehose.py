"""Data Firehose: `PutDeliveryRecord`, batched into ``PutRecordBatch``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from powertools_stream.connectors.base import Entry
from powertools_stream.connectors.clients import Clients
from powertools_stream.connectors.params import check_known, checked, operation_of, to_bytes
from powertools_stream.connectors.proofs import outcomes
from powertools_stream.connectors.service_connector import ServiceConnector
from powertools_stream.environment.settings import setting
from powertools_stream.errors import EntryTooLargeError, InvalidRequestError
from powertools_stream.requests import PutDeliveryRecord

__all__ = ["CONNECTOR", "MAX_ENTRIES", "MAX_RECORD_BYTES", "MAX_REQUEST_BYTES", "FirehoseConnector"]

# All before base64. https://docs.aws.amazon.com/firehose/latest/dev/limits.html
MAX_ENTRIES = 500
MAX_REQUEST_BYTES = 4 * 1024 * 1024
MAX_RECORD_BYTES = 1000 * 1024

_KNOWN = frozenset({"Data", "DeliveryStreamName"})


class FirehoseConnector(ServiceConnector):
    """Puts records on Firehose streams.

    Parameters
    ----------
    clients
        Where the boto3 client comes from.
    delivery_stream_name
        Name of the stream for requests that name none; default: ``DELIVERY_STREAM_NAME``.
    """

    requests = (PutDeliveryRecord,)

    def __init__(self, clients: Clients, *, delivery_stream_name: str | None = None) -> None:
        super().__init__(clients)
        self._delivery_stream_name = delivery_stream_name

    def entries(self, request: PutDeliveryRecord) -> Sequence[Entry]:
        """Return one entry: the record, and the size of its data.

        Raises
        ------
        InvalidRequestError
            There is no data, or it holds what JSON cannot.
        EntryTooLargeError
            The data is larger than a record may be.
        SettingError
            No stream is named anywhere.
        """
        params = _checked(request)
        stream = setting(
            request.delivery_stream_name or params.get("DeliveryStreamName") or self._delivery_stream_name,
            "DELIVERY_STREAM_NAME",
            what="the Firehose stream",
            option="delivery_stream_name",
        )
        # What is delivered is one file of many records, which the line ends separate.
        # https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecordBatch.html
        data = to_bytes(params["Data"], line_end="\n")
        if len(data) > MAX_RECORD_BYTES:
            raise EntryTooLargeError(
                f"Expected a record of at most {MAX_RECORD_BYTES} bytes, but found one of {len(data)}. "
                "Deliver less of it, or a reference to the rest."
            )
        operation = operation_of("firehose", "PutRecordBatch", stream, MAX_ENTRIES, MAX_REQUEST_BYTES)
        return (Entry(operation, {"Data": data}, len(data)),)

    def send(self, entries: Sequence[Entry]) -> Sequence[Any]:
        """Make one ``PutRecordBatch`` call; a record that Firehose did not take is a `RequestFailedError`."""
        operation = entries[0].operation
        client = self.clients.client_for(operation)
        response = client.put_record_batch(
            DeliveryStreamName=operation.target, Records=[entry.payload for entry in entries]
        )
        return outcomes(response, "RequestResponses", "RecordId", count=len(entries), service="Firehose")


def _checked(request: PutDeliveryRecord) -> Mapping[str, Any]:
    params = checked(request)
    check_known(params, _KNOWN, "PutRecordBatch")
    if params.get("Data") is None:
        raise InvalidRequestError("Expected a record with 'Data', but found none.")
    return params


CONNECTOR = FirehoseConnector
