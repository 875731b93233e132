"""From a parsed payload to the event that it carries: out of the envelopes that AWS puts around it."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

from powertools_stream.errors import MalformedRecordError, SettingError
from powertools_stream.payloads.carried import CarriedEvent
from powertools_stream.payloads.completion import complete
from powertools_stream.payloads.parsing import malformed, milliseconds, parse_object
from powertools_stream.sources.recognition import (
    KAFKA,
    MARKS,
    MARKS_OF_RECORDS,
    SCHEDULED,
    built_in,
    carried_source,
    is_scheduled,
)
from powertools_stream.sources.source import ReadEvent, Source
from powertools_stream.uow import Event, Record

__all__ = ["read_events", "read_records", "unwrap"]


def read_events(
    body: Event,
    record_id: str,
    timestamp: float | str | None,
    partition_key: Any,
    sources: Sequence[Source] = (),
) -> Event | list[Event] | None:
    """Take what a body carries out of the envelopes around it, and complete it from its record.

    A record of another source, such as an alarm of CloudWatch or the change of a table's item, is read as that source
    reads it, at any depth. Several such records, as in an S3 notification, are one event each. The message by which S3
    tests a notification is None: there is nothing to do.

    Parameters
    ----------
    body
        The parsed payload; an event without an envelope is changed and returned.
    record_id, timestamp, partition_key
        The record's, for an event that lacks them; the timestamp in ms.
    sources
        Sources with options, which read those records in the body that are theirs: ``self.carried`` of a source.

    Raises
    ------
    MalformedRecordError
        An envelope does not hold a JSON object, a record in the body cannot be read, or the record's timestamp is none.
    """
    # Most payloads are the event itself: they are spared what can be spared, even a call of `_completed`.
    if not _has_no_mark(body):
        try:
            return _read_marked(body, record_id, timestamp, partition_key, sources)
        except RecursionError:
            raise malformed(record_id, "envelopes around an event", "too many of them") from None
    try:
        return complete(body, record_id, timestamp, partition_key)
    except (OverflowError, TypeError, ValueError):
        raise malformed(record_id, "a record with a timestamp that is a number", "another") from None


_has_no_mark = MARKS.isdisjoint
_is_no_record = MARKS_OF_RECORDS.isdisjoint


def _completed(event: Event, record_id: str, timestamp: float | str | None, partition_key: Any) -> Event:
    try:
        return complete(event, record_id, timestamp, partition_key)
    except (OverflowError, TypeError, ValueError):
        raise malformed(record_id, "a record with a timestamp that is a number", "another") from None


def unwrap(body: Event, record_id: str | None = None) -> Event:
    """Take an event out of the envelopes around it, nested to any depth.

    Of an EventBridge event, the event is its ``detail``; of an SNS notification, the JSON of its ``Message``. What the
    event lacks of ``id``, ``type`` and ``timestamp`` is filled in from the envelope, the innermost first. Events that
    AWS itself publishes (their ``source`` starts with ``aws.``) always take these three from the envelope, and
    ``tags`` as well: if the ``detail`` has one of these names for something else, it stands whole under ``detail``.
    An event without an envelope comes back as it is; so does a record of another source, which `read_events` reads.

    Raises
    ------
    MalformedRecordError
        An envelope does not hold a JSON object.

    Examples
    --------
    >>> unwrap({"id": "1", "detail-type": "order-created", "time": "2026-01-01T00:00:00Z", "detail": {"total": 42}})
    {'total': 42, 'id': '1', 'type': 'order-created', 'timestamp': 1767225600000}
    """
    event, envelopes, _ = _opened(body, record_id, None)
    for identifier, kind, time in reversed(envelopes):
        _fill_in(event, identifier, kind, time)
    return event


def _read_marked(
    body: Event, record_id: str, timestamp: float | str | None, partition_key: Any, sources: Sequence[Source]
) -> ReadEvent:
    """Read a body that may be an envelope, or a record of another source. Parameters as for `read_events`."""
    event, envelopes, source = _opened(body, record_id, sources)
    if source is not None:
        return _read_carried(source, event, record_id, timestamp, partition_key, sources)
    if ("Records" in event or "records" in event) and (batch := _batch_in(event, sources)):
        return read_records(batch, record_id, timestamp, partition_key, sources)
    for identifier, kind, time in reversed(envelopes):
        _fill_in(event, identifier, kind, time)
    if not event.get("type"):
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
        if event.get("Event") == "s3:TestEvent":
            return None
        # What an alarm sends to a topic.
        if "NewStateValue" in event and "AlarmName" in event:
            from powertools_stream.sources.cloudwatch import ALARM_TYPE, CONTRIBUTOR_TYPE

            event["type"] = CONTRIBUTOR_TYPE if "AlarmContributorId" in event else ALARM_TYPE
    return _completed(event, record_id, timestamp, partition_key)


def read_records(
    batch: Sequence[tuple[Source, Record]],
    record_id: str,
    timestamp: float | str | None,
    partition_key: Any,
    sources: Sequence[Source] = (),
) -> list[Event]:
    """Read records that one record carries, each as its own source does. Other parameters are as for `read_events`.

    Raises
    ------
    MalformedRecordError
        One of them cannot be read.
    """
    carrier = (record_id, timestamp, partition_key, sources)
    read = [_read_carried(source, record, *carrier) for source, record in batch]
    return [event for events in read for event in _listed(events)]


# -- Records of other sources ------------------------------------------------------------------------------------------


def _batch_in(event: Event, sources: Sequence[Source]) -> Sequence[tuple[Source, Record]]:
    """Return the records of other sources that a payload holds, and their sources; none if it holds anything else."""
    records = event.get("Records")
    # In the on-failure record of a mapping: as in an invocation, they do not say of themselves where they are from.
    if records is None and event.get("eventSource") in KAFKA and isinstance(event.get("records"), dict):
        found = built_in("kafka").records(event) or ()
        records = [{**record, "eventSource": event["eventSource"]} for record in found if type(record) is dict]
    if type(records) is not list:
        return ()
    batch = [(source, record) for record in records if (source := carried_source(record, sources)) is not None]
    return batch if len(batch) == len(records) else ()


def _read_carried(
    source: Source,
    record: Record,
    record_id: str,
    timestamp: float | str | None,
    partition_key: Any,
    sources: Sequence[Source],
) -> ReadEvent:
    """Read a record as its own source does. What it lacks comes from the one that carried it, as does its name."""
    try:
        read = source.carrying(sources).read(record)
    except MalformedRecordError as error:
        error.record_id = record_id
        error.secrets = error.secrets or source.secrets
        raise
    if isinstance(read, Generator):
        read.close()
        raise SettingError(
            f"Expected {type(source).__name__} to read a record that another service carries without any request, "
            "but its read() yields some. Return the event, and let a rule make the request."
        )
    events: list[Event] = []
    for event in _listed(read):
        if not event.get("timestamp"):
            event["timestamp"] = None
        event = _completed(event, record_id, timestamp, partition_key)
        events.append(event if type(event) is CarriedEvent else CarriedEvent(event, record, source.secrets))
    return events if isinstance(read, list) else events[0] if events else None


def _listed(read: ReadEvent) -> Sequence[Event]:
    return read if isinstance(read, list) else () if read is None else (read,)


# -- Envelopes ---------------------------------------------------------------------------------------------------------

_Envelope = tuple[Any, Any, Any]


def _opened(
    body: Event, record_id: str | None, sources: Sequence[Source] | None
) -> tuple[Event, Sequence[_Envelope], Source | None]:
    """Return what is in the envelopes, the id, type and time of each, the outermost first, and whose record it is.

    Parameters
    ----------
    sources
        As for `carried_source`; None: nothing is a record of a source, and all that looks like an envelope is one.
    """
    event, source = body, None
    envelopes: list[_Envelope] = []
    while True:
        if "detail-type" in event and "detail" in event:
            if event["detail-type"] == SCHEDULED and sources is not None and is_scheduled(event):
                source = carried_source(event, sources)
                break
            envelope = event
            event = _inner(envelope["detail"], "the detail of the EventBridge event", record_id)
            if type(publisher := envelope.get("source")) is str and publisher.startswith("aws."):
                return _service_event(envelope, event), envelopes, None
            envelopes.append((envelope.get("id"), envelope["detail-type"], envelope.get("time")))
        elif "TopicArn" in event and event.get("Type") == "Notification":
            envelopes.append((event.get("MessageId"), None, event.get("Timestamp")))
            event = _inner(event.get("Message"), "the Message of the SNS notification", record_id)
        else:
            # Most of what is in an envelope is an event of one's own: it is spared the look at each source.
            if sources is not None and not _is_no_record(event):
                source = carried_source(event, sources)
            break
    return event, envelopes, source


def _inner(content: Any, what: str, record_id: str | None) -> Event:
    # EventBridge Scheduler sends a `detail` without content as the text "{}".
    # https://github.com/aws-powertools/powertools-lambda-python/issues/6112
    # A `detail` that is an object belongs to the record, which is never changed.
    return dict(content) if type(content) is dict else parse_object(content, what, record_id)


def _service_event(envelope: Event, detail: Event) -> Event:
    """Make an event of one that AWS itself publishes: it knows nothing of our names, and may mean others by them."""
    identifier = envelope.get("id")
    own: Event = {
        "id": identifier if type(identifier) is str else None,
        "type": envelope["detail-type"],
        "timestamp": milliseconds(envelope.get("time")),
        "tags": {name: envelope[name] for name in ("account", "region") if name in envelope},
    }
    changed = detail.get("object")
    if envelope["source"] == "aws.s3" and type(changed) is dict and type(changed.get("key")) is str:
        own["partition_key"] = changed["key"]
    event = {**detail, **own}
    return event if own.keys().isdisjoint(detail) else {**event, "detail": detail}


def _fill_in(event: Event, identifier: Any, kind: Any, time: Any) -> None:
    if type(identifier) is str and event.get("id") in (None, ""):
        event["id"] = identifier
    if type(kind) is str and event.get("type") in (None, ""):
        event["type"] = kind
    if event.get("timestamp") is None and (timestamp := milliseconds(time)) is not None:
        event["timestamp"] = timestamp
