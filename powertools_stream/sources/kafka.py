"""Apache Kafka: Amazon MSK and clusters that one manages oneself."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Hashable, Mapping
from typing import Any, ClassVar

from aws_lambda_powertools.utilities.batch import EventType

from powertools_stream.payloads.parsing import malformed, parse_base64, parse_object
from powertools_stream.sources.envelopes import read_events
from powertools_stream.sources.recognition import BuiltInSource
from powertools_stream.sources.source import ReadEvent
from powertools_stream.uow import Event, Record

__all__ = ["KafkaSource"]


class KafkaSource(BuiltInSource):
    """Records of Kafka topics: the value is a JSON object, in the envelopes that AWS puts around it.

    A tombstone (a record without a value, which says that its key was deleted) is a valid record. Its event has no
    fields but those that are filled in, and the type ``""``; a rule tells it by ``uow.record.get("value") is None``.
    """

    name: ClassVar[str] = "kafka"
    event_type: ClassVar[EventType | None] = EventType.Kafka

    def records(self, event: Mapping[str, Any]) -> list[Record] | None:
        """Split the event into its records, partition by partition, in the order of their offsets."""
        partitions = event.get("records")
        if not isinstance(partitions, Mapping) or not all(isinstance(part, list) for part in partitions.values()):
            return None
        return [record for part in partitions.values() for record in part]

    def read(self, record: Record) -> ReadEvent:
        """Read what is in the record's value."""
        record_id = self.record_id(record)
        body: Event = {}
        if (value := record.get("value")) is not None:
            text = parse_base64(value, "the record's value", record_id)
            body = parse_object(text, "the record's value", record_id)
        return read_events(body, record_id, record.get("timestamp"), _text(record.get("key")))

    def identifier(self, record: Record) -> Any:
        """Return the partition and the offset: ``{"partition": "topic-0", "offset": 15}``."""
        # https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html
        try:
            return {"partition": f"{record['topic']}-{record['partition']}", "offset": record["offset"]}
        except KeyError as error:
            raise malformed(None, "a record with topic, partition and offset to report it by", f"no {error}") from None

    def record_id(self, record: Record) -> str:
        """Return topic, partition and offset: ``topic-0-15``."""
        return f"{record.get('topic')}-{record.get('partition')}-{record.get('offset')}"

    def order_key(self, record: Record) -> Hashable | None:
        """Return the topic and the key; None without a key, for such records are spread over the partitions."""
        key = record.get("key")
        return None if key is None else (record.get("topic"), key)


def _text(key: str | None) -> str | None:
    """Decode a record's key; one that is not text (a number, Avro) stays base64."""
    if key is None:
        return None
    try:
        return b64decode(key, validate=True).decode()
    except ValueError:
        return key
