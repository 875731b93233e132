"""Event sources: one module each, imported when it is first used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from powertools_stream.sources.dynamodb import DynamoDBSource
    from powertools_stream.sources.envelopes import unwrap
    from powertools_stream.sources.kafka import KafkaSource
    from powertools_stream.sources.kinesis import KinesisSource
    from powertools_stream.sources.recognition import source_of, source_of_event_type
    from powertools_stream.sources.source import Source
    from powertools_stream.sources.sqs import SQSSource

__all__ = [
    # The sources
    "DynamoDBSource",
    "KafkaSource",
    "KinesisSource",
    "SQSSource",
    # For a source of one's own
    "Source",
    "unwrap",
    # Which source an event is of
    "source_of",
    "source_of_event_type",
]

_HOMES = {
    "DynamoDBSource": "dynamodb",
    "KafkaSource": "kafka",
    "KinesisSource": "kinesis",
    "SQSSource": "sqs",
    "Source": "source",
    "source_of": "recognition",
    "source_of_event_type": "recognition",
    "unwrap": "envelopes",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
