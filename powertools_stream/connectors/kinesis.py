"""Kinesis Data Streams: `PutRecord`, batched into ``PutRecords``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from powertools_stream.connectors.base import Entry
from powertools_stream.connectors.clients import Clients
from powertools_stream.connectors.params import (
    byte_length,
    check_known,
    checked,
    operation_of,
    to_bytes,
)
from powertools_stream.connectors.proofs import outcomes
from powertools_stream.connectors.service_connector import ServiceConnector
from powertools_stream.environment.settings import setting, whole_number
from powertools_stream.errors import EntryTooLargeError, InvalidRequestError
from powertools_stream.requests import PutRecord

__all__ = ["CONNECTOR", "MAX_BYTES", "MAX_ENTRIES", "KinesisConnector", "max_record_bytes"]

# https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html
MAX_ENTRIES = 500
# Of all records of a call; partition keys count.
MAX_BYTES = 10 * 1024 * 1024
# A stream takes so much in one record unless its `MaxRecordSizeInKiB` says more, which Kinesis alone knows.
# https://docs.aws.amazon.com/kinesis/latest/APIReference/API_CreateStream.html
_MAX_RECORD_BYTES = 1024 * 1024
# https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecordsRequestEntry.html
_MAX_KEY_LENGTH = 256

_KNOWN = frozenset({"Data", "ExplicitHashKey", "PartitionKey", "StreamARN", "StreamName"})
_NO_KEY = object()


class KinesisConnector(ServiceConnector):
    """Puts records on data streams.

    Parameters
    ----------
    clients
        Where the boto3 client comes from.
    stream_name
        Name or ARN of the stream for requests that name none; default: ``STREAM_NAME``.
    """

    requests = (PutRecord,)

    def __init__(self, clients: Clients, *, stream_name: str | None = None) -> None:
        super().__init__(clients)
        self._stream_name = stream_name

    def entries(self, request: PutRecord) -> Sequence[Entry]:
        """Return one entry: the record, and its size as Kinesis counts it.

        Raises
        ------
        InvalidRequestError
            There is no data, no partition key or one beyond 256 characters, or the data holds what JSON cannot.
        EntryTooLargeError
            The record is larger than a record may be.
        SettingError
            No stream is named anywhere.
        """
        params = _checked(request)
        stream = self._stream(request)
        key = _partition_key(params)
        data = to_bytes(params["Data"])
        size = len(data) + (byte_length(key) if key is not None else 0)
        if size > (limit := max_record_bytes()):
            raise EntryTooLargeError(
                f"Expected a record of at most {limit} bytes, its partition key included, but the one with the "
                f"partition key {key!r} has {size}. Put less of it on the stream, or a reference to the rest; "
                "KINESIS_MAX_RECORD_SIZE sets another limit, if the stream takes more."
            )
        payload: dict[str, Any] = {"Data": data}
        if key is not None:
            payload["PartitionKey"] = key
        if (hash_key := params.get("ExplicitHashKey")) is not None:
            # boto3's client would fail the whole call for anything else, and the records of others with it.
            payload["ExplicitHashKey"] = str(hash_key)
        ordered = request.ordered and key is not None
        # One record of a key in a call: Kinesis goes on behind a record that it did not take, so that the next one of
        # its key would be on the stream before it. Sent alone, the next one waits until it has been sent again.
        operation = operation_of("kinesis", "PutRecords", stream, MAX_ENTRIES, MAX_BYTES, one_per_key=ordered)
        return (Entry(operation, payload, size, (stream, key) if ordered else None),)

    def send(self, entries: Sequence[Entry]) -> Sequence[Any]:
        """Make one ``PutRecords`` call; a record that Kinesis did not take is a `RequestFailedError`."""
        operation = entries[0].operation
        client = self.clients.client_for(operation)
        stream = str(operation.target)
        name = {"StreamARN" if stream.startswith("arn:") else "StreamName": stream}
        response = client.put_records(Records=[entry.payload for entry in entries], **name)
        return outcomes(response, "Records", "SequenceNumber", count=len(entries), service="Kinesis")

    def _stream(self, request: PutRecord) -> str:
        params = request.params
        given = request.stream_name or params.get("StreamARN") or params.get("StreamName") or self._stream_name
        return setting(given, "STREAM_NAME", what="the stream", option="stream_name")


def max_record_bytes() -> int:
    """Return how large a record may be, its partition key included: ``KINESIS_MAX_RECORD_SIZE`` (bytes), or 1 MiB."""
    given = whole_number(None, "KINESIS_MAX_RECORD_SIZE", default=_MAX_RECORD_BYTES, what="a number of bytes")
    return min(given, MAX_BYTES)


def _checked(request: PutRecord) -> Mapping[str, Any]:
    params = checked(request)
    check_known(params, _KNOWN, "PutRecords")
    if params.get("Data") is None:
        raise InvalidRequestError("Expected a record with 'Data', but found none.")
    return params


def _partition_key(params: Mapping[str, Any]) -> str | None:
    key = params.get("PartitionKey", _NO_KEY)
    if key is None:
        return None
    if key is _NO_KEY:
        key = _key_of(params["Data"])
    if not isinstance(key, str) or not key:
        raise InvalidRequestError(
            f"Expected a record with a PartitionKey that is a text, but found {key!r}. Set params['PartitionKey'], or "
            "'partition_key' or 'id' in data that is an event; None if the stream distributes records itself."
        )
    if len(key) > _MAX_KEY_LENGTH:
        raise InvalidRequestError(
            f"Expected a partition key of at most {_MAX_KEY_LENGTH} characters, but found one of {len(key)}: {key!r}."
        )
    return key


def _key_of(data: Any) -> Any:
    if not isinstance(data, Mapping):
        return None
    # Services written in JavaScript publish the second spelling.
    for name in ("partition_key", "partitionKey", "id"):
        if (key := data.get(name)) not in (None, ""):
            return str(key)
    return None


CONNECTOR = KinesisConnector
