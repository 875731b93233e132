"""Telling the source of a record from the record itself, importing only the one that it is of.

The table below is the one place that says how a record of a built-in source is recognised.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from powertools_stream.errors import UnknownSourceError
from powertools_stream.sources.source import Source

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = [
    "BATCH_INFOS",
    "KAFKA",
    "MARKS",
    "MARKS_OF_RECORDS",
    "SCHEDULED",
    "BuiltInSource",
    "built_in",
    "built_in_source",
    "carried_source",
    "found_keys",
    "invokes_alone",
    "is_item_batch",
    "is_known",
    "is_of_success",
    "is_scheduled",
    "known_source",
    "source_of_event_type",
    "source_of_records",
    "unknown_source",
]

SCHEDULED = "Scheduled Event"
"""The ``detail-type`` of what a schedule sends by default."""

# Not a set: an event may have anything for its `source`, also what has no hash.
_SCHEDULERS = ("aws.events", "aws.scheduler")

BATCH_INFOS = ("KinesisBatchInfo", "DDBStreamBatchInfo", "KafkaBatchInfo")
"""Where the on-failure record of an event source mapping, or of a pipe, says which records it is about."""

MARKS_OF_RECORDS = frozenset(
    {"eventSource", "EventSource", "requestContext", "alarmArn", "triggerSource", *BATCH_INFOS}
)
"""Fields one of which any record has that a payload may be or carry, but for what a schedule sends."""

MARKS = MARKS_OF_RECORDS | {"Records", "detail-type", "TopicArn", "NewStateValue", "Event"}
"""Fields one of which any payload has that carries a record or is an envelope: most payloads have none of them."""


def is_scheduled(record: Mapping[str, Any]) -> bool:
    """Tell whether it is what a schedule sends by default, of a rule or of EventBridge Scheduler."""
    return record.get("detail-type") == SCHEDULED and record.get("source") in _SCHEDULERS


def is_item_batch(event: Mapping[str, Any]) -> bool:
    """Tell whether it is a batch of items of Step Functions, and nothing else."""
    return isinstance(event.get("Items"), list) and _ITEM_BATCH.issuperset(event)


_ITEM_BATCH = frozenset({"BatchInput", "Items"})
_ITEM = frozenset({"BatchInput", "Item"})


def _is_item(record: Mapping[str, Any]) -> bool:
    return "Item" in record and _ITEM.issuperset(record)


def _is_of_bus(record: Mapping[str, Any]) -> bool:
    return "detail-type" in record and "detail" in record and not is_scheduled(record)


def _is_of_data_stream(record: Mapping[str, Any]) -> bool:
    # In a pipe, what stands under `kinesis` stands at the top.
    return "kinesis" in record or "kinesisSchemaVersion" in record


def _is_of_destination(record: Mapping[str, Any]) -> bool:
    # Of a pipe, which has no request.
    context = record.get("requestContext", record.get("context"))
    if not isinstance(context, Mapping) or context.get("condition") is None:
        return False
    # Without the payload it is too large for the destination; the function is named all the same.
    return "requestPayload" in record or "functionArn" in context or any(name in record for name in BATCH_INFOS)


def _is_of_failure(record: Mapping[str, Any]) -> bool:
    return _is_of_destination(record) and not is_of_success(record)


def is_of_success(record: Mapping[str, Any]) -> bool:
    """Tell whether the record of an invocation says that the function has succeeded."""
    context = record.get("requestContext")
    return isinstance(context, Mapping) and context.get("condition") == "Success"


def _is_of_firehose(record: Mapping[str, Any]) -> bool:
    return "recordId" in record and ("data" in record or "kafkaRecordValue" in record)


class _Known(NamedTuple):
    """A built-in source: the class in the module of its service, and how a record of it looks."""

    class_name: str
    event_source: tuple[str, ...] = ()
    """The ``eventSource`` of its records."""
    is_named: bool = False
    """Whether all its records have that; those of Kafka only in a pipe."""
    fields: frozenset[str] = frozenset()
    """The fields that its records have."""
    looks_so: Any = None
    """What tells, if it takes more than fields."""
    carried_so: Any = None
    """What tells in a payload, if not all of its records are read out of it."""
    is_alone: bool = False
    """Whether its events are no batches, but one record each."""
    is_carried: bool = True
    """Whether a queue, a topic or a stream may carry its records, so that they are read out of payloads."""
    event_type: str | None = None
    """The name of the member of Powertools' ``EventType``."""


KAFKA = ("aws:kafka", "SelfManagedKafka")
"""The ``eventSource`` of batches of Kafka, and of its records in a pipe."""

# By service, which is the name of its module.
_SOURCES: Mapping[str, _Known] = {
    "sqs": _Known("SQSSource", ("aws:sqs",), True, frozenset({"messageId", "body"}), event_type="SQS"),
    "kinesis": _Known(
        "KinesisSource", ("aws:kinesis",), True, looks_so=_is_of_data_stream, event_type="KinesisDataStreams"
    ),
    "dynamodb": _Known(
        "DynamoDBSource", ("aws:dynamodb",), True, frozenset({"dynamodb"}), event_type="DynamoDBStreams"
    ),
    "s3": _Known("S3Source", ("aws:s3",), True, frozenset({"s3"})),
    "sns": _Known("SNSSource", ("aws:sns",), True, frozenset({"Sns"})),
    "kafka": _Known("KafkaSource", KAFKA, fields=frozenset({"topic", "partition", "offset"}), event_type="Kafka"),
    # An envelope: what it carries is read by whoever finds it.
    "eventbridge": _Known("EventBridgeSource", looks_so=_is_of_bus, is_alone=True, is_carried=False),
    "scheduler": _Known("ScheduleSource", looks_so=is_scheduled, is_alone=True),
    "firehose": _Known("FirehoseSource", looks_so=_is_of_firehose, is_carried=False),
    "cloudwatch": _Known("AlarmSource", fields=frozenset({"alarmData", "alarmArn"}), is_alone=True),
    "cognito": _Known("CognitoSource", fields=frozenset({"triggerSource", "userPoolId"}), is_alone=True),
    # What a function that succeeded has returned is the event's own matter, beside what it was asked: in a payload it
    # is an event as any other.
    "aws_lambda": _Known("DestinationSource", looks_so=_is_of_destination, carried_so=_is_of_failure, is_alone=True),
    "step_functions": _Known("DistributedMapSource", looks_so=_is_item, is_carried=False),
}
_BY_EVENT_SOURCE = {name: service for service, known in _SOURCES.items() for name in known.event_source}
_BY_LOOKS = tuple((service, known) for service, known in _SOURCES.items() if not known.is_named)
_CARRIED = tuple((service, known) for service, known in _BY_LOOKS if known.is_carried and not known.event_source)
_BY_EVENT_TYPE = {known.event_type: service for service, known in _SOURCES.items() if known.event_type}
# Records of a batch that do not name their source though they should, as tests and tools write them. A message needs
# more than what an item of a pipe may have kept.
_BY_FIELDS: Mapping[str, tuple[str, ...]] = {
    "sqs": ("messageId", "receiptHandle", "body"),
    "kinesis": ("kinesis",),
    "dynamodb": ("dynamodb",),
    "s3": ("s3",),
    "sns": ("Sns",),
}


class BuiltInSource(Source):
    """A source that the table knows."""

    def recognises(self, record: Mapping[str, Any]) -> bool:
        """Tell whether the record looks like one of this source."""
        service = _service_of(record) or _service_by_fields(record)
        return service is not None and isinstance(self, type(built_in(service)))

    def carrying(self, sources: Sequence[Source]) -> Self:
        """Return this source with these as `carried`."""
        return self._copy_carrying(sources)


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
    if _service_of(record) is not None or is_item_batch(record):
        return True
    return "Records" in record or isinstance(record.get("records"), list | dict)


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
    if (service := _service_of(record) or _service_by_fields(record)) is not None:
        return built_in(service)
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
        "Firehose under 'records', of Step Functions under 'Items', an array of a pipe, or an event of EventBridge, of "
        f"a schedule, of a CloudWatch alarm, of Cognito or for an on-failure destination, found {found}. "
        "Check what invokes the function; for a source of your own, derive from Source and pass it as source=…; for "
        "an input of a schedule's own, pass source=ScheduleSource()."
    )


def found_keys(value: Any) -> str:
    """Describe a value by its keys, for a message."""
    if not isinstance(value, Mapping):
        return f"a value of type {type(value).__name__}"
    return f"the keys {', '.join(map(repr, value))}" if value else "no keys"


def carried_source(record: Any, sources: Sequence[Source] = ()) -> Source | None:
    """Return the source of a record that was found in a payload; None: it is no record, but an event of its own.

    A payload may have any field, so that a name alone does not make it a record.

    Parameters
    ----------
    sources
        Sources to be tried before the built-in ones, if one of these knows the record.
    """
    if not isinstance(record, dict) or (service := _carried_service(record)) is None:
        return None
    if sources:
        return next((source for source in sources if source.recognises(record)), None) or built_in(service)
    return built_in(service)


def _carried_service(record: Mapping[str, Any]) -> str | None:
    name = _name_of(record)
    if isinstance(name, str) and (service := _BY_EVENT_SOURCE.get(name)):
        return service if _looks_like(record, _SOURCES[service]) else None
    return next((service for service, known in _CARRIED if _is_carried(record, known)), None)


def _is_carried(record: Mapping[str, Any], known: _Known) -> bool:
    return _looks_like(record, known) and (known.carried_so is None or known.carried_so(record))


def _service_of(record: Mapping[str, Any]) -> str | None:
    name = _name_of(record)
    if isinstance(name, str) and (service := _BY_EVENT_SOURCE.get(name)):
        return service
    for service, known in _BY_LOOKS:
        if _looks_like(record, known):
            return service
    return None


def _name_of(record: Mapping[str, Any]) -> Any:
    # SNS spells it with a capital.
    return record.get("eventSource", record.get("EventSource"))


def _looks_like(record: Mapping[str, Any], known: _Known) -> bool:
    looks: bool = known.looks_so(record) if known.looks_so else known.fields <= record.keys()
    return looks


def _service_by_fields(record: Mapping[str, Any]) -> str | None:
    return next((service for service, names in _BY_FIELDS.items() if all(name in record for name in names)), None)
