"""Amazon Kinesis Data Streams."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any, ClassVar

from aws_lambda_powertools.utilities.batch import EventType

from powertools_stream.payloads.parsing import malformed, parse_base64, parse_object
from powertools_stream.sources.envelopes import read_events
from powertools_stream.sources.recognition import BuiltInSource
from powertools_stream.sources.source import ReadEvent
from powertools_stream.uow import Record

__all__ = ["KinesisSource"]

_NO_DATA: Mapping[str, Any] = {}


class KinesisSource(BuiltInSource):
    """Records of a Kinesis data stream: the data is a JSON object, in the envelopes that AWS puts around it."""

    name: ClassVar[str] = "kinesis"
    event_type: ClassVar[EventType | None] = EventType.KinesisDataStreams
    resumes_from_first: ClassVar[bool] = True

    def read(self, record: Record) -> ReadEvent:
        """Read what is in the record's data."""
        kinesis = record.get("kinesis") or _NO_DATA
        record_id = str(kinesis.get("sequenceNumber", ""))
        text = parse_base64(kinesis.get("data"), "the record's data", record_id)
        # Seconds, with a fraction: multiplied, 1.001 is a hair less than 1001.
        arrived = round(kinesis.get("approximateArrivalTimestamp", 0) * 1000)
        body = parse_object(text, "the record's data", record_id)
        return read_events(body, record.get("eventID") or record_id, arrived, kinesis.get("partitionKey"))

    def identifier(self, record: Record) -> Any:
        """Return the sequence number."""
        if identifier := (record.get("kinesis") or _NO_DATA).get("sequenceNumber"):
            return identifier
        raise malformed(None, "a record with a kinesis.sequenceNumber to report it by", "none")

    def order_key(self, record: Record) -> Hashable | None:
        """Return the partition key: a batch is of one shard, and a shard keeps the order of each key."""
        key: str | None = (record.get("kinesis") or _NO_DATA).get("partitionKey")
        return key
