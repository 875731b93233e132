"""Apache Kafka: Amazon MSK and clusters that one manages oneself."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Hashable, Mapping, Sequence
from typing import Any, ClassVar

from aws_lambda_powertools.utilities.batch import EventType

from powertools_stream.errors import MalformedRecordError
from powertools_stream.payloads.parsing import malformed, parse_base64, parse_object
from powertools_stream.sources.envelopes import read_events
from powertools_stream.sources.recognition import BuiltInSource
from powertools_stream.sources.source import ReadEvent
from powertools_stream.uow import Event, Record

__all__ = ["KafkaSource"]

_UNNAMED = "undefined"


class KafkaSource(BuiltInSource):
    """Records of Kafka topics: the value is a JSON object, in the envelopes that AWS puts around it.

    A tombstone (a record without a value, which says that its key was deleted) is a valid record. Its event has no
    fields but those that are filled in, and the type ``""``; a rule tells it by ``uow.record.get("value") is None``.
    """

    name: ClassVar[str] = "kafka"
    event_type: ClassVar[EventType | None] = EventType.Kafka
    # Kafka's own default for a topic, and the oldest that a mapping with a maximum age takes.
    # https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html
    retention: ClassVar[int] = 7 * 86_400

    def records(self, event: Mapping[str, Any]) -> list[Record] | None:
        """Split the event into its records, partition by partition, in the order of their offsets."""
        partitions = event.get("records")
        if not isinstance(partitions, Mapping) or not all(isinstance(part, list) for part in partitions.values()):
            return None
        return [record for part in partitions.values() for record in part]

    def events(self, records: Sequence[Record]) -> list[Any]:
        """Put the records into their partitions; of which cluster, they do not say."""
        partitions: dict[str, list[Record]] = {}
        for record in records:
            partitions.setdefault(f"{record.get('topic')}-{record.get('partition')}", []).append(record)
        return [{"eventSource": "aws:kafka", "records": partitions}]

    def read(self, record: Record) -> ReadEvent:
        """Read what is in the record's value."""
        if (record_id := self.record_id(record)) == _UNNAMED:
            raise malformed(record_id, "a record with topic, partition and offset", "none")
        value, key = record.get("value"), record.get("key")
        if key is not None and type(key) is not str:
            raise malformed(record_id, "a record's key to be base64", type(key).__name__)
        body: Event = {}
        if value is not None:
            text = parse_base64(value, "the record's value", record_id)
            body = parse_object(text, "the record's value", record_id)
        return read_events(body, record_id, record.get("timestamp"), _text(key), self.carried)

    def identifier(self, record: Record) -> Any:
        """Return the partition and the offset: ``{"partition": "topic-0", "offset": 15}``."""
        # https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html
        try:
            topic, partition, offset = record["topic"], record["partition"], record["offset"]
        except (KeyError, TypeError):
            topic = partition = offset = None
        if type(topic) is str and type(partition) in (int, str) and type(offset) is int:
            return {"partition": f"{topic}-{partition}", "offset": offset}
        raise malformed(None, "a record with topic, partition and offset to report it by", "none")

    def record_id(self, record: Record) -> str:
        """Return topic, partition and offset: ``topic-0-15``."""
        try:
            identifier = self.identifier(record)
        except MalformedRecordError:
            return _UNNAMED
        return f"{identifier['partition']}-{identifier['offset']}"

    def order_key(self, record: Record) -> Hashable | None:
        """Return the topic and the key; None without a key, for such records are spread over the partitions."""
        try:
            topic, key = record["topic"], record["key"]
        except (KeyError, TypeError):
            return None
        return (topic, key) if type(topic) is str and type(key) is str else None

    def origin(self, record: Record) -> str | None:
        """Return the topic and its partition: ``topic-0``. The record does not say of which cluster."""
        return self.record_id(record).rpartition("-")[0]


def _text(key: str | None) -> str | None:
    """Decode a record's key; one that is not text (a number, Avro) stays base64."""
    if key is None:
        return None
    try:
        return b64decode(key, validate=True).decode()
    except ValueError:
        return key
