"""Arrays that a pipe of EventBridge Pipes hands over to its target."""

from __future__ import annotations

from collections.abc import Generator, Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from powertools_stream.errors import MalformedRecordError
from powertools_stream.payloads.parsing import malformed, milliseconds, parse_base64, parse_object
from powertools_stream.sources.envelopes import read_events
from powertools_stream.sources.eventbridge import on_its_own
from powertools_stream.sources.invocations import content_of, invocation_name, invocation_time
from powertools_stream.sources.recognition import known_source
from powertools_stream.sources.source import ReadEvent, Source, fields_of
from powertools_stream.uow import Record

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["BROKERS", "PipeSource", "WholePipeSource"]

# ActiveMQ and RabbitMQ. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-mq.html
# Not a set: an item may have anything for its `eventSource`, also what has no hash.
BROKERS = ("aws:amq", "aws:rmq")
"""The ``eventSource`` of messages of Amazon MQ."""


class PipeSource(Source):
    """The records of a pipe that reads SQS, Kinesis or DynamoDB Streams: an array, with no ``Records`` around it.

    Each record is read as its own source reads it. What the pipe's enrichment or input transformer made is no such
    record any more: then the item is the event, in the envelopes that AWS puts around one. An item that only looks like
    a record of some source, and cannot be read as one, is a malformed record: it fails alone.

    A pipe whose target is the function takes partial responses that name the ``messageId`` of SQS, and the ``eventID``
    of Kinesis and DynamoDB, which a transformed item has to keep.
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-batching-concurrency.html

    Parameters
    ----------
    source
        Reads the records, with options or of your own; None: the built-in source of each.
    """

    name: ClassVar[str] = "pipe"
    # That of a queue, which has the longest.
    retention: ClassVar[int] = 14 * 86_400

    def __init__(self, source: Source | None = None) -> None:
        self.source = source

    def carrying(self, sources: Sequence[Source]) -> Self:
        """Return this source with these as `carried`."""
        return self._copy_carrying(sources)

    def recognises(self, record: Mapping[str, Any]) -> bool:
        """Tell whether it can be named in a partial response."""
        return _identifier(record) is not None

    def records(self, event: Mapping[str, Any] | Sequence[Any]) -> list[Record] | None:
        """Return the items of the array."""
        return list(event) if isinstance(event, list | tuple) else None

    def events(self, records: Sequence[Record]) -> list[Any]:
        """Return the records as an array."""
        return [list(records)]

    def read(self, record: Record) -> ReadEvent | Generator[Any, Any, ReadEvent]:
        """Read the record as its source does; or take the item for the event."""
        fields = fields_of(record)
        if not fields or not isinstance(fields.get("eventSourceARN", ""), str):
            expected = "an item with fields, and with text for its eventSourceARN if it has one"
            raise malformed(self.record_id(record), expected, "something else")
        inner = _as_invoked(record)
        source = self._source_of(inner)
        try:
            if source is not None:
                return source.read(inner)
            return _read_item(record, self.record_id(record), self.carried)
        except MalformedRecordError as error:
            error.record_id = self.record_id(record)
            raise

    def identifier(self, record: Record) -> Any:
        """Return the ``messageId`` or the ``eventID``."""
        if (identifier := _identifier(record)) is not None:
            return identifier
        raise malformed(None, "an item with a messageId or an eventID to report it by", "none")

    def record_id(self, record: Record) -> str:
        """Return the item's name for logs and fault events."""
        return _identifier(record) or _name(record)

    def order_key(self, record: Record) -> Hashable | None:
        """Return what orders the record in its own source."""
        inner = _as_invoked(record)
        source = self._source_of(inner)
        return source.order_key(inner) if source is not None else None

    def is_grouped(self, record: Record) -> bool:
        """Tell whether it comes from a FIFO queue."""
        source = self._source_of(record)
        return source is not None and source.is_grouped(record)

    def attempt(self, record: Record) -> int | None:
        """Return how often its own source has sent it."""
        source = self._source_of(record)
        return source.attempt(record) if source is not None else None

    def is_last_attempt(self, record: Record) -> bool:
        """Tell whether its own source gives up on it."""
        source = self._source_of(record)
        return source is not None and source.is_last_attempt(record)

    def origin(self, record: Record) -> str | None:
        """Return from where its own source has it."""
        inner = _as_invoked(record)
        source = self._source_of(inner)
        return source.origin(inner) if source is not None else super().origin(record)

    def comes_again_alone(self, record: Record) -> bool:
        """Tell whether its own source sends it again by itself, and the pipe too: it takes a partial response."""
        source = self._source_of(record) if self.reports_partially else None
        return source is not None and source.comes_again_alone(record)

    def _source_of(self, record: Record) -> Source | None:
        fields = fields_of(record)
        if self.source is not None and self.source.recognises(fields):
            return self.source.carrying(self.carried)
        source = known_source(fields)
        return source.carrying(self.carried) if source is not None else None


class WholePipeSource(PipeSource):
    """The items of a pipe that cannot be named in a partial response: of Kafka or Amazon MQ, or transformed.

    A reported record fails the invocation, and the pipe sends all of the array again.
    """

    name: ClassVar[str] = "whole-pipe"
    reports_partially: ClassVar[bool] = False

    def recognises(self, record: Mapping[str, Any]) -> bool:
        """Take any item."""
        return bool(record)

    def identifier(self, record: Record) -> Any:
        """Return what names the item in logs and fault events: what its own source calls it, else its ``id``."""
        source = self._source_of(record)
        return source.identifier(record) if source is not None else _name(record)

    def record_id(self, record: Record) -> str:
        """Return the item's name for logs and fault events."""
        source = self._source_of(record)
        return source.record_id(record) if source is not None else _name(record)


def _identifier(record: Mapping[str, Any]) -> str | None:
    """Return what names an item in a partial response."""
    return _first_text(record, "messageId", "eventID")


def _first_text(record: Mapping[str, Any], *names: str) -> str | None:
    fields = fields_of(record)
    return next((value for name in names if (value := fields.get(name)) and isinstance(value, str)), None)


def _as_invoked(record: Record) -> Record:
    """Give a record of Kinesis the form in which Lambda has it: in a pipe, its fields stand at the top."""
    # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-kinesis.html
    return {**record, "kinesis": record} if "kinesisSchemaVersion" in fields_of(record) else record


def _name(record: Record) -> str:
    """Return the item's ``id``, or that of ActiveMQ's message; else a name made of what the item holds."""
    return _first_text(record, "id", "messageID") or invocation_name(content_of(record))


def _read_item(record: Record, record_id: str, sources: Sequence[Source]) -> ReadEvent:
    if record.get("eventSource") in BROKERS:
        return _read_message(record, record_id)
    body = dict(record)
    if not body.get("id"):
        body["id"] = record_id
    moment = milliseconds(record.get("time"))
    return on_its_own(read_events(body, record_id, invocation_time() if moment is None else moment, None, sources))


def _read_message(record: Record, record_id: str) -> ReadEvent:
    text = parse_base64(record.get("data"), "the message's data", record_id)
    # RabbitMQ has a time only if the publisher gives one, and then as text for people.
    sent = record.get("timestamp")
    body = parse_object(text, "the message's data", record_id)
    return read_events(body, record_id, sent if isinstance(sent, int) else invocation_time(), None)
