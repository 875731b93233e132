"""Amazon Kinesis Data Streams."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, ClassVar

from aws_lambda_powertools.utilities.batch import EventType

from powertools_stream.payloads.parsing import from_seconds, malformed, parse_base64, parse_object
from powertools_stream.sources.envelopes import read_events
from powertools_stream.sources.recognition import BuiltInSource
from powertools_stream.sources.source import ReadEvent, fields_of, name_in
from powertools_stream.uow import Record

__all__ = ["KinesisSource"]


class KinesisSource(BuiltInSource):
    """Records of a Kinesis data stream: the data is a JSON object, in the envelopes that AWS puts around it."""

    name: ClassVar[str] = "kinesis"
    event_type: ClassVar[EventType | None] = EventType.KinesisDataStreams
    resumes_from_first: ClassVar[bool] = True
    # A day by default, up to a year if one asks for it. More than a week behind is seldom.
    # https://docs.aws.amazon.com/streams/latest/dev/kinesis-extended-retention.html
    retention: ClassVar[int] = 7 * 86_400

    def read(self, record: Record) -> ReadEvent:
        """Read what is in the record's data."""
        try:
            # In a pipe, and where a pipe sends it, its fields stand at the top.
            # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-kinesis.html
            kinesis = record if "kinesisSchemaVersion" in record else record["kinesis"]
            record_id, key = kinesis.get("sequenceNumber", ""), kinesis.get("partitionKey")
            event_id = fields_of(record).get("eventID") or record_id
        except (AttributeError, KeyError, TypeError):
            raise malformed(self.record_id(record), "a record of Kinesis with its data", "none") from None
        if type(record_id) is not str or type(event_id) is not str or (key is not None and type(key) is not str):
            expected = "a sequenceNumber, an eventID and a partitionKey that are text"
            raise malformed(self.record_id(record), expected, "something else")
        text = parse_base64(kinesis.get("data"), "the record's data", record_id)
        arrived = from_seconds(kinesis.get("approximateArrivalTimestamp", 0), record_id)
        return read_events(parse_object(text, "the record's data", record_id), event_id, arrived, key, self.carried)

    def identifier(self, record: Record) -> Any:
        """Return the sequence number."""
        return name_in(record, ("kinesis", "sequenceNumber"), "a record with a kinesis.sequenceNumber to report it by")

    def order_key(self, record: Record) -> Hashable | None:
        """Return the partition key: a batch is of one shard, and a shard keeps the order of each key."""
        try:
            key = record["kinesis"]["partitionKey"]
        except (KeyError, TypeError):
            return None
        return key if type(key) is str else None

    def origin(self, record: Record) -> str | None:
        """Return the stream's ARN and the shard, which stands before the sequence number in the ``eventID``."""
        event_id = record.get("eventID")
        shard = event_id.partition(":")[0] if type(event_id) is str else ""
        return f"{super().origin(record)}/{shard}"
