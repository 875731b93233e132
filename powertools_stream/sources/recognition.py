"""Telling the source from the event itself, anew for every invocation, importing only what that event needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from typing import Any

from powertools_stream.errors import UnknownSourceError
from powertools_stream.sources.source import Source

__all__ = ["is_known", "known_source", "source_of", "source_of_event_type", "source_of_records"]

_Home = tuple[str, str]

# By the `eventSource` of a record; by that of SNS, which is spelled `EventSource`.
_BY_EVENT_SOURCE: dict[str, _Home] = {
    "aws:sqs": ("sqs", "SQSSource"),
    "aws:kinesis": ("kinesis", "KinesisSource"),
    "aws:dynamodb": ("dynamodb", "DynamoDBSource"),
    "aws:s3": ("s3", "S3Source"),
    "aws:sns": ("sns", "SNSSource"),
}

# By the fields of a record, or of an event that is its own only record. The first whose fields are all there.
_BY_FIELDS: tuple[tuple[tuple[str, ...], _Home], ...] = (
    (("detail-type", "detail"), ("eventbridge", "EventBridgeSource")),
    (("topic", "partition", "offset"), ("kafka", "KafkaSource")),
    (("recordId", "data"), ("firehose", "FirehoseSource")),
    (("recordId", "kafkaRecordValue"), ("firehose", "FirehoseSource")),
    (("alarmData", "alarmArn"), ("alarms", "AlarmSource")),
    (("triggerSource", "userPoolId"), ("cognito", "CognitoSource")),
)
_SCHEDULE: _Home = ("schedules", "ScheduleSource")

# The sources whose events are not batches, but one record each.
_ALONE = frozenset({"alarms", "cognito", "eventbridge", "schedules"})

# By the name of the member of Powertools' `EventType`.
_BY_EVENT_TYPE: dict[str, _Home] = {
    "SQS": ("sqs", "SQSSource"),
    "KinesisDataStreams": ("kinesis", "KinesisSource"),
    "DynamoDBStreams": ("dynamodb", "DynamoDBSource"),
    "Kafka": ("kafka", "KafkaSource"),
}


def source_of(event: Mapping[str, Any] | Sequence[Any], sources: Sequence[Source] = ()) -> Source | None:
    """Tell which source an event is of. A batch is of one source, so its first record tells.

    Parameters
    ----------
    event
        What Lambda hands over. A list is the array of a pipe; of records only, ask `source_of_records`.
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
    if isinstance(event, list | tuple):
        return _source_of_pipe(event, sources)
    if not isinstance(event, Mapping):
        raise UnknownSourceError(_message(f"found {_keys(event)}"))
    is_empty = False
    for source in sources:
        own: list[Any] | None = source.records(event)
        if own and isinstance(own[0], Mapping) and source.recognises(own[0]):
            return source
        is_empty = is_empty or own == []
    records = _built_in_records(event)
    if records:
        return _built_in_source(event, records[0])
    if is_empty or records is not None:
        return None
    raise UnknownSourceError(_message(f"found {_keys(event)}"))


def source_of_records(records: Sequence[Any], sources: Sequence[Source] = ()) -> Source | None:
    """Tell which source records are of, without the event around them: Kafka's from all partitions.

    Parameters and errors are those of `source_of`.
    """
    if not records:
        return None
    for source in sources:
        if isinstance(records[0], Mapping) and source.recognises(records[0]):
            return source
    return _built_in_source(records, records[0])


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


def known_source(record: Mapping[str, Any]) -> Source | None:
    """Return the built-in source of a record; None: no built-in source knows it."""
    home = _home(record)
    return _built_in(*home) if home is not None else None


def is_known(record: Mapping[str, Any]) -> bool:
    """Tell whether a built-in source knows the record, or an event that is a batch of such."""
    return _home(record) is not None or "Records" in record or isinstance(record.get("records"), list | dict)


def _home(record: Mapping[str, Any]) -> _Home | None:
    name = record.get("eventSource", record.get("EventSource"))
    if isinstance(name, str) and (home := _BY_EVENT_SOURCE.get(name)):
        return home
    for fields, home in _BY_FIELDS:
        if all(field in record for field in fields):
            return _SCHEDULE if home[0] == "eventbridge" and _is_scheduled(record) else home
    return None


def _is_scheduled(record: Mapping[str, Any]) -> bool:
    from powertools_stream.sources.eventbridge import is_scheduled

    return is_scheduled(record)


@cache
def _built_in(module: str, name: str) -> Source:
    source: Source = getattr(import_module(f"powertools_stream.sources.{module}"), name)()
    return source


def _built_in_records(event: Mapping[str, Any]) -> Sequence[Any] | None:
    if isinstance(records := event.get("Records"), list):
        return records
    records = event.get("records")
    if isinstance(records, list):
        return records if "deliveryStreamArn" in event else None
    if isinstance(records, Mapping):
        return _built_in("kafka", "KafkaSource").records(event)
    # By S3 it tests whether a notification arrives; there is nothing to do.
    if event.get("Event") == "s3:TestEvent":
        return []
    home = _home(event)
    return [event] if home is not None and home[0] in _ALONE else None


def _built_in_source(event: Any, record: Any) -> Source:
    if not isinstance(record, Mapping):
        raise UnknownSourceError(_message(f"found a record of type {type(record).__name__}"))
    if (source := known_source(record)) is not None:
        return source
    name = record.get("eventSource") or record.get("EventSource")
    found = f"records of {name!r}" if isinstance(name, str) else f"{_keys(event)}, its first record {_keys(record)}"
    raise UnknownSourceError(_message(f"found {found}"))


def _source_of_pipe(items: Sequence[Any], sources: Sequence[Source]) -> Source | None:
    from powertools_stream.sources.pipes import BROKERS, PipeSource, WholePipeSource

    if not items:
        return None
    first = items[0]
    if not isinstance(first, Mapping):
        raise UnknownSourceError(_message(f"found an array with an item of type {type(first).__name__}"))
    kind = PipeSource if PipeSource().recognises(first) else WholePipeSource
    for source in sources:
        if isinstance(source, PipeSource):
            return source
        if source.recognises(first):
            return kind(source)
    if kind is WholePipeSource and _home(first) is None and first.get("eventSource") not in BROKERS:
        raise UnknownSourceError(_message(f"found an array, its first item with {_keys(first)}"))
    return kind()


def _message(found: str) -> str:
    return (
        "Expected an event with records of SQS, Kinesis, DynamoDB Streams, S3 or SNS under 'Records', of Kafka or "
        "Firehose under 'records', an array of a pipe, or an event of EventBridge, of a schedule, of a CloudWatch "
        f"alarm or of Cognito, {found}. "
        "Check what invokes the function; for a source of your own, derive from Source and pass it as source=…; for "
        "an input of a schedule's own, pass source=ScheduleSource()."
    )


def _keys(value: Any) -> str:
    if not isinstance(value, Mapping):
        return f"a value of type {type(value).__name__}"
    return f"the keys {', '.join(map(repr, value))}" if value else "no keys"
