"""Kinesis Data Streams: `PutRecord`, batched into ``PutRecords``."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from powertools_stream.connectors.clients import Clients
from powertools_stream.connectors.connector import Entry, Operation
from powertools_stream.connectors.params import checked
from powertools_stream.environment import setting
from powertools_stream.errors import EntryTooLargeError, InvalidRequestError, RequestFailedError, SettingError
from powertools_stream.payloads import to_json
from powertools_stream.requests import PutRecord, Request

__all__ = ["MAX_BYTES", "MAX_ENTRIES", "KinesisConnector", "max_record_bytes"]

# https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html
MAX_ENTRIES = 500
# Of one record, and of all records of a call; partition keys count.
MAX_BYTES = 10 * 1024 * 1024
# https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecordsRequestEntry.html
_MAX_KEY_LENGTH = 256

_KNOWN = frozenset({"Data", "ExplicitHashKey", "PartitionKey", "StreamARN", "StreamName"})
_NO_KEY = object()


class KinesisConnector:
    """Puts records on data streams.

    Parameters
    ----------
    clients
        Where the boto3 client comes from.
    stream_name
        Name or ARN of the stream for requests that name none; default: ``STREAM_NAME``.
    """

    requests: tuple[type[Request], ...] = (PutRecord,)

    def __init__(self, clients: Clients, *, stream_name: str | None = None) -> None:
        self._clients = clients
        self._stream_name = stream_name
        self._operations: dict[tuple[str, bool], Operation] = {}

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
        data = _data(params["Data"])
        size = len(data) + (_bytes(key) if key is not None else 0)
        if size > (limit := max_record_bytes()):
            raise EntryTooLargeError(
                f"Expected a record of at most {limit} bytes, its partition key included, but the one with the "
                f"partition key {key!r} has {size}. Put less of it on the stream, or a reference to where the rest is."
            )
        payload: dict[str, Any] = {"Data": data}
        if key is not None:
            payload["PartitionKey"] = key
        if (hash_key := params.get("ExplicitHashKey")) is not None:
            payload["ExplicitHashKey"] = hash_key
        ordered = request.ordered and key is not None
        return (Entry(self._operation(stream, ordered), payload, size, (stream, key) if ordered else None),)

    def send(self, entries: Sequence[Entry]) -> Sequence[Any]:
        """Make one ``PutRecords`` call; a record that Kinesis did not take is a `RequestFailedError`."""
        operation = entries[0].operation
        client = self._clients.client_for(operation)
        stream = str(operation.target)
        name = {"StreamARN" if stream.startswith("arn:") else "StreamName": stream}
        response = client.put_records(Records=[entry.payload for entry in entries], **name)
        return [_outcome(result) for result in response.get("Records", ())]

    def answer(self, request: PutRecord, responses: Sequence[Any]) -> Any:
        """Return the record's result: ``{"SequenceNumber": …, "ShardId": …}``."""
        return responses[0]

    def close(self) -> None:
        """Cut the connections."""
        self._clients.close()

    def _stream(self, request: PutRecord) -> str:
        params = request.params
        given = request.stream_name or params.get("StreamARN") or params.get("StreamName") or self._stream_name
        return setting(given, "STREAM_NAME", what="the stream", option="stream_name")

    def _operation(self, stream: str, ordered: bool) -> Operation:
        operation = self._operations.get((stream, ordered))
        if operation is None:
            # One record of a key in a call: Kinesis goes on behind a record that it did not take, so that the next one
            # of its key would be on the stream before it. Sent alone, the next one waits until it has been sent again.
            operation = Operation("kinesis", "PutRecords", stream, MAX_ENTRIES, MAX_BYTES, one_per_key=ordered)
            self._operations[stream, ordered] = operation
        return operation


def max_record_bytes() -> int:
    """Return how large a record may be: ``KINESIS_MAX_RECORD_SIZE`` (bytes), or the limit.

    A stream takes 1 MiB unless its ``MaxRecordSizeInKiB`` says more, which Kinesis alone knows.
    https://docs.aws.amazon.com/kinesis/latest/APIReference/API_CreateStream.html
    """
    value = os.environ.get("KINESIS_MAX_RECORD_SIZE")
    if not value:
        return MAX_BYTES
    if not value.isdecimal() or int(value) < 1:
        raise SettingError(f"Expected KINESIS_MAX_RECORD_SIZE to be a number of bytes, but found {value!r}.")
    return min(int(value), MAX_BYTES)


def _checked(request: PutRecord) -> Mapping[str, Any]:
    params = checked(request)
    # boto3's client validates nothing, and a partition key under another name would be as good as none.
    if unknown := params.keys() - _KNOWN:
        raise InvalidRequestError(
            f"Expected what PutRecords takes for a record, but found {sorted(unknown)}; it takes {sorted(_KNOWN)}."
        )
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
            "'partition_key' or 'id' in data that is an event; None where the stream distributes records itself."
        )
    if len(key) > _MAX_KEY_LENGTH:
        raise InvalidRequestError(
            f"Expected a partition key of at most {_MAX_KEY_LENGTH} characters, but found one of {len(key)}: {key!r}."
        )
    return key


def _key_of(data: Any) -> Any:
    if not isinstance(data, Mapping):
        return None
    key = data.get("partition_key")
    if key is None or key == "":
        key = data.get("id")
    return key if key is None else str(key)


def _data(data: Any) -> bytes:
    if isinstance(data, bytes | bytearray | memoryview):
        return bytes(data)
    return (data if isinstance(data, str) else to_json(data)).encode()


def _bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())


def _outcome(result: dict[str, Any]) -> Any:
    if code := result.get("ErrorCode"):
        return RequestFailedError(code, result.get("ErrorMessage") or "Kinesis did not say why.")
    return result
