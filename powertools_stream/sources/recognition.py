"""Telling the source from the event itself, anew for every invocation, importing only what that event needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from typing import Any

from powertools_stream.errors import UnknownSourceError
from powertools_stream.sources.source import Source

__all__ = ["source_of", "source_of_event_type"]

_KAFKA = ("kafka", "KafkaSource")

# By the `eventSource` of a record. A record of Kafka has none: there, it stands in the event.
_BY_EVENT_SOURCE = {
    "aws:sqs": ("sqs", "SQSSource"),
    "aws:kinesis": ("kinesis", "KinesisSource"),
    "aws:dynamodb": ("dynamodb", "DynamoDBSource"),
}

# By the name of the member of Powertools' `EventType`.
_BY_EVENT_TYPE = {
    "SQS": ("sqs", "SQSSource"),
    "KinesisDataStreams": ("kinesis", "KinesisSource"),
    "DynamoDBStreams": ("dynamodb", "DynamoDBSource"),
    "Kafka": _KAFKA,
}


def source_of(event: Mapping[str, Any] | Sequence[Any], sources: Sequence[Source] = ()) -> Source | None:
    """Tell which source an event is of. A batch is of one source, so its first record tells.

    Parameters
    ----------
    event
        What Lambda hands over; or its records only, as a list (Kafka's from all partitions).
    sources
        Sources to be tried before the built-in ones, in order: a user's own, or a built-in one with options.

    Returns
    -------
    The source; None for an empty batch, which is of any, and done.

    Raises
    ------
    UnknownSourceError
        No source knows the event, or it has no place for records at all.
    """
    is_empty = False
    for source in sources:
        records = _records(event, source)
        if records and isinstance(records[0], Mapping) and source.recognises(records[0]):
            return source
        is_empty = is_empty or records == []
    records = _built_in_records(event)
    if records:
        return _built_in_source(event, records[0])
    if is_empty or records is not None:
        return None
    raise UnknownSourceError(_message(f"found {_keys(event)}"))


def source_of_event_type(event_type: Any) -> Source:
    """Return the built-in source for a member of Powertools' ``EventType``.

    Raises
    ------
    UnknownSourceError
        It is not one.
    """
    home = _BY_EVENT_TYPE.get(getattr(event_type, "name", ""))
    if home is not None:
        return _built_in(*home)
    raise UnknownSourceError(
        f"Expected event_type to be a member of EventType ({', '.join(_BY_EVENT_TYPE)}), found {event_type!r}. "
        "The types of domain events belong to the rules: Rule(event_type=…)."
    )


@cache
def _built_in(module: str, name: str) -> Source:
    source: Source = getattr(import_module(f"powertools_stream.sources.{module}"), name)()
    return source


def _records(event: Mapping[str, Any] | Sequence[Any], source: Source) -> Sequence[Any] | None:
    return source.records(event) if isinstance(event, Mapping) else event


def _built_in_records(event: Mapping[str, Any] | Sequence[Any]) -> Sequence[Any] | None:
    if isinstance(event, list | tuple):
        return event
    if not isinstance(event, Mapping):
        return None
    if isinstance(records := event.get("Records"), list):
        return records
    return _built_in(*_KAFKA).records(event) if "records" in event else None


def _built_in_source(event: Mapping[str, Any] | Sequence[Any], record: Any) -> Source:
    if not isinstance(record, Mapping):
        raise UnknownSourceError(_message(f"found a record of type {type(record).__name__}"))
    name = record.get("eventSource")
    if home := _BY_EVENT_SOURCE.get(name) if isinstance(name, str) else None:
        return _built_in(*home)
    if name is None and _built_in(*_KAFKA).recognises(record):
        return _built_in(*_KAFKA)
    name = name or record.get("EventSource")
    found = f"records of {name!r}" if isinstance(name, str) else f"{_keys(event)}, its first record {_keys(record)}"
    raise UnknownSourceError(_message(f"found {found}"))


def _message(found: str) -> str:
    return (
        "Expected an event with records of SQS, Kinesis or DynamoDB Streams under 'Records', or of Kafka under "
        f"'records', {found}. "
        "Check what invokes the function; for a source of your own, derive from Source and pass it as source=…."
    )


def _keys(value: Any) -> str:
    if not isinstance(value, Mapping):
        return f"a value of type {type(value).__name__}"
    return f"the keys {', '.join(map(repr, value))}" if value else "no keys"
