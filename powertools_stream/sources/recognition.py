"""Telling the source of a record from the record itself, importing only the one that it is of.

The table below is the one place that says how a record of a built-in source is recognised.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from typing import Any, NamedTuple

from powertools_stream.errors import UnknownSourceError
from powertools_stream.sources.source import Source

__all__ = [
    "BuiltInSource",
    "built_in",
    "built_in_source",
    "found_keys",
    "invokes_alone",
    "is_known",
    "is_scheduled",
    "known_source",
    "source_of_event_type",
    "source_of_records",
    "unknown_source",
]

# Not a set: an event may have anything for its `source`, also what has no hash.
_SCHEDULERS = ("aws.events", "aws.scheduler")


def is_scheduled(record: Mapping[str, Any]) -> bool:
    """Tell whether it is what a schedule sends by default, of a rule or of EventBridge Scheduler."""
    return record.get("detail-type") == "Scheduled Event" and record.get("source") in _SCHEDULERS


def _is_of_bus(record: Mapping[str, Any]) -> bool:
    return "detail-type" in record and "detail" in record and not is_scheduled(record)


def _is_of_firehose(record: Mapping[str, Any]) -> bool:
    return "recordId" in record and ("data" in record or "kafkaRecordValue" in record)


class _Known(NamedTuple):
    """A built-in source: the class in the module of its service, and how a record of it looks."""

    class_name: str
    event_source: str | None = None
    """The ``eventSource`` of its records."""
    fields: tuple[str, ...] = ()
    """Else the fields that its records have."""
    looks_so: Any = None
    """Else what tells."""
    is_alone: bool = False
    """Whether its events are no batches, but one record each."""
    event_type: str | None = None
    """The name of the member of Powertools' ``EventType``."""


# By service, which is the name of its module. What has an `eventSource` comes first.
_SOURCES: Mapping[str, _Known] = {
    "sqs": _Known("SQSSource", event_source="aws:sqs", event_type="SQS"),
    "kinesis": _Known("KinesisSource", event_source="aws:kinesis", event_type="KinesisDataStreams"),
    "dynamodb": _Known("DynamoDBSource", event_source="aws:dynamodb", event_type="DynamoDBStreams"),
    "s3": _Known("S3Source", event_source="aws:s3"),
    "sns": _Known("SNSSource", event_source="aws:sns"),
    "eventbridge": _Known("EventBridgeSource", looks_so=_is_of_bus, is_alone=True),
    "scheduler": _Known("ScheduleSource", looks_so=is_scheduled, is_alone=True),
    "kafka": _Known("KafkaSource", fields=("topic", "partition", "offset"), event_type="Kafka"),
    "firehose": _Known("FirehoseSource", looks_so=_is_of_firehose),
    "cloudwatch": _Known("AlarmSource", fields=("alarmData", "alarmArn"), is_alone=True),
    "cognito": _Known("CognitoSource", fields=("triggerSource", "userPoolId"), is_alone=True),
}
_BY_EVENT_SOURCE = {known.event_source: service for service, known in _SOURCES.items() if known.event_source}
_BY_LOOKS = tuple((service, known) for service, known in _SOURCES.items() if not known.event_source)
_BY_EVENT_TYPE = {known.event_type: service for service, known in _SOURCES.items() if known.event_type}


class BuiltInSource(Source):
    """A source that the table knows."""

    def recognises(self, record: Mapping[str, Any]) -> bool:
        """Tell whether the record looks like one of this source."""
        service = _service_of(record)
        return service is not None and isinstance(self, type(built_in(service)))


def source_of_records(records: Sequence[Any], sources: Sequence[Source] = ()) -> Source | None:
    """Tell which source records are of, without the event around them: Kafka's from all partitions.

    Parameters and errors are those of `source_of`.
    """
    if not records:
        return None
    for source in sources:
        if isinstance(records[0], Mapping) and source.recognises(records[0]):
            return source
    return built_in_source(records, records[0])


def source_of_event_type(event_type: Any) -> Source:
    """Return the built-in source for a member of Powertools' ``EventType``.

    Raises
    ------
    UnknownSourceError
        It is not one.
    """
    service = _BY_EVENT_TYPE.get(getattr(event_type, "name", ""))
    if service is not None:
        return built_in(service)
    raise UnknownSourceError(
        f"Expected event_type to be a member of EventType ({', '.join(_BY_EVENT_TYPE)}), found {event_type!r}. "
        "The types of domain events belong to the rules: Rule(event_type=…)."
    )


def known_source(record: Mapping[str, Any]) -> Source | None:
    """Return the built-in source of a record; None: no built-in source knows it."""
    service = _service_of(record)
    return built_in(service) if service is not None else None


def is_known(record: Mapping[str, Any]) -> bool:
    """Tell whether a built-in source knows the record, or an event that is a batch of such."""
    return _service_of(record) is not None or "Records" in record or isinstance(record.get("records"), list | dict)


def invokes_alone(event: Mapping[str, Any]) -> bool:
    """Tell whether an event is its own only record."""
    service = _service_of(event)
    return service is not None and _SOURCES[service].is_alone


@cache
def built_in(service: str) -> Source:
    """Return the built-in source of a service, with the default options."""
    module = import_module(f"powertools_stream.sources.{service}")
    source: Source = getattr(module, _SOURCES[service].class_name)()
    return source


def built_in_source(event: Any, record: Any) -> Source:
    """Return the built-in source of an event's first record.

    Raises
    ------
    UnknownSourceError
        There is none.
    """
    if not isinstance(record, Mapping):
        raise unknown_source(f"a record of type {type(record).__name__}")
    if (source := known_source(record)) is not None:
        return source
    name = record.get("eventSource") or record.get("EventSource")
    raise unknown_source(
        f"records of {name!r}"
        if isinstance(name, str)
        else f"{found_keys(event)}, its first record {found_keys(record)}"
    )


def unknown_source(found: str) -> UnknownSourceError:
    """Make the error for an event that no source knows."""
    return UnknownSourceError(
        "Expected an event with records of SQS, Kinesis, DynamoDB Streams, S3 or SNS under 'Records', of Kafka or "
        "Firehose under 'records', an array of a pipe, or an event of EventBridge, of a schedule, of a CloudWatch "
        f"alarm or of Cognito, found {found}. "
        "Check what invokes the function; for a source of your own, derive from Source and pass it as source=…; for "
        "an input of a schedule's own, pass source=ScheduleSource()."
    )


def found_keys(value: Any) -> str:
    """Describe a value by its keys, for a message."""
    if not isinstance(value, Mapping):
        return f"a value of type {type(value).__name__}"
    return f"the keys {', '.join(map(repr, value))}" if value else "no keys"


def _service_of(record: Mapping[str, Any]) -> str | None:
    # SNS spells it with a capital.
    name = record.get("eventSource", record.get("EventSource"))
    if isinstance(name, str) and (service := _BY_EVENT_SOURCE.get(name)):
        return service
    for service, known in _BY_LOOKS:
        if known.looks_so(record) if known.looks_so else all(field in record for field in known.fields):
            return service
    return None
