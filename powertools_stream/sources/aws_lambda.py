"""What AWS Lambda sends to an on-failure destination, once it has given up on an event or on a batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from powertools_stream.errors import MalformedRecordError, UnknownSourceError
from powertools_stream.payloads.parsing import malformed, milliseconds, parse_object
from powertools_stream.sources.detection import source_of
from powertools_stream.sources.envelopes import read_events, read_records
from powertools_stream.sources.eventbridge import on_its_own
from powertools_stream.sources.invocations import content_of, earlier_invocation, name_of
from powertools_stream.sources.recognition import BATCH_INFOS, BuiltInSource, found_keys, invokes_alone, is_of_success
from powertools_stream.sources.source import ReadEvent, Source, fields_of, name_in
from powertools_stream.uow import Record

__all__ = ["DestinationSource"]


class DestinationSource(BuiltInSource):
    """The record of a failed invocation, as an on-failure destination gets it; the event is what the function was sent.

    Of an asynchronous invocation, that is the ``requestPayload``, read as if it had invoked the function: a batch, such
    as a notification of S3, the items of Step Functions or the array of a pipe, is an event for each of its records.
    Why the function failed is in the record (``requestContext``, ``responsePayload``). The record of an invocation that
    succeeded is an event as it is.

    An event source mapping, or a pipe, sends only the positions of the records in their stream; a mapping sends their
    content too, under ``payload``, if the destination is S3 or Kafka. Without it, the record is malformed.

    A function that is such a destination itself is invoked asynchronously: there is no partial response, so a reported
    record fails the invocation.
    """

    name: ClassVar[str] = "destination"
    reports_partially: ClassVar[bool] = False

    def records(self, event: Mapping[str, Any]) -> list[Record] | None:
        """Return the event itself, as the only record."""
        return [dict(event)] if self.recognises(event) else None

    def read(self, record: Record) -> ReadEvent:
        """Read what the function was sent."""
        # https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
        record_id = self.record_id(record)
        sent = milliseconds(fields_of(record).get("timestamp"))
        if is_of_success(fields_of(record)):
            return on_its_own(read_events(dict(record), record_id, sent, None, self.carried))
        try:
            return _read_invocation(_payload_of(record, record_id), record_id, sent, self.carried)
        except RecursionError:
            raise malformed(record_id, "records within an on-failure record", "too many of them") from None

    def identifier(self, record: Record) -> Any:
        """Return the id of the request that failed; a pipe's has none, and gets a name made of the positions."""
        if "context" in fields_of(record):
            return name_of(content_of(record))
        return name_in(record, ("requestContext", "requestId"), "a requestContext with a requestId")


def _read_invocation(payload: Any, record_id: str, sent: int | None, sources: Sequence[Source]) -> ReadEvent:
    """Read what invoked a function as the function would have: a batch by its source, else as any payload."""
    try:
        source = source_of(payload, sources)
    except UnknownSourceError:
        if not isinstance(payload, Mapping):
            raise malformed(record_id, _SENT, _found(payload)) from None
        return on_its_own(read_events(dict(payload), record_id, sent, None, sources))
    if source is None:
        return None
    # Its envelopes may hold anything, so that all that carries a single event is read in one way.
    if isinstance(source, BuiltInSource) and isinstance(payload, Mapping) and invokes_alone(payload):
        return on_its_own(read_events(dict(payload), record_id, sent, None, sources))
    batch = [(source, record) for record in source.records(payload) or ()]
    # The same however often the on-failure record is received: what has no name of its own is named by the request.
    with earlier_invocation(record_id, sent):
        return read_records(batch, record_id, sent, None, sources)


_SENT = "an on-failure record with what the function was sent: a JSON object, or the array of a pipe"


def _found(payload: Any) -> str:
    if isinstance(payload, list):
        return "an array of what no pipe sends"
    return f"a requestPayload of type {type(payload).__name__}"


def _payload_of(record: Record, record_id: str) -> Any:
    fields = fields_of(record)
    for name in BATCH_INFOS:
        if name in fields and "requestPayload" not in fields:
            return _batch_of(fields, name, record_id)
    if (payload := fields.get("requestPayload")) is not None:
        return payload
    raise malformed(record_id, _SENT, "none: Lambda leaves out what is too large for the destination")


def _batch_of(record: Mapping[str, Any], info: str, record_id: str) -> Mapping[str, Any]:
    # S3 gets text, Kafka an object. https://docs.aws.amazon.com/lambda/latest/dg/kafka-on-failure-destination.html
    payload = record.get("payload")
    if isinstance(payload, str):
        payload = parse_object(payload, "the payload of the on-failure record", record_id)
    if not isinstance(payload, Mapping):
        raise _only_positions(info, record, record_id)
    if "Records" not in payload and "records" not in payload:
        raise malformed(record_id, f"the payload beside {info} to be a batch", found_keys(payload))
    return payload


def _only_positions(name: str, record: Mapping[str, Any], record_id: str) -> MalformedRecordError:
    """Make the error for records that are somewhere else; their positions are not their content, and may be shown."""
    info = fields_of(record[name])
    said = ", ".join(f"{field} {info[field]}" for field in _POSITIONS if type(info.get(field)) in (str, int))
    sender, other_way = ("a pipe", "") if "context" in record else ("an event source mapping", _OTHER_WAY)
    error = MalformedRecordError(
        f"Expected the records of a batch, found {name}: the on-failure record of {sender}, which says only where the "
        f"records are ({said[:500] or 'not even that'}). {_WHAT_TO_DO[name]}{other_way}."
    )
    error.record_id = record_id
    return error


_POSITIONS = ("batchSize", "streamArn", "eventSourceArn", "shardId", "startSequenceNumber", "endSequenceNumber")
_OTHER_WAY = ", or give the mapping an S3 bucket as its on-failure destination: the 'payload' of its objects holds them"
_READ_SHARD = (
    "Read the shard with GetRecords from startSequenceNumber to endSequenceNumber before the records expire, and send "
    "each to a queue as it is"
)
_WHAT_TO_DO = {
    "KinesisBatchInfo": _READ_SHARD,
    "DDBStreamBatchInfo": _READ_SHARD,
    "KafkaBatchInfo": "Read each partition from firstRecordOffset to lastRecordOffset, as recordsInfo has them",
}
