"""From a parsed payload to the event that it carries: out of the envelopes that AWS puts around it."""

from __future__ import annotations

from typing import Any

from powertools_stream.payloads.completion import complete
from powertools_stream.payloads.parsing import malformed, milliseconds, parse_object
from powertools_stream.uow import Event

__all__ = ["read_events", "unwrap"]


def read_events(
    body: Event, record_id: str, timestamp: float | str | None, partition_key: Any
) -> Event | list[Event] | None:
    """Take what a body carries out of the envelopes around it, and complete it from its record.

    An S3 notification is one event for each object, as of `S3Source`. The message by which S3 tests a notification is
    None: there is nothing to do.

    Parameters
    ----------
    body
        The parsed payload; an event without an envelope is changed and returned.
    record_id, timestamp, partition_key
        The record's, for an event that lacks them; the timestamp in ms.

    Raises
    ------
    MalformedRecordError
        An envelope does not hold a JSON object, a notification does not name its object, or the record's timestamp is
        none.
    """
    try:
        # Most payloads come without an envelope: they are spared a call.
        event = unwrap(body, record_id) if "detail-type" in body or "TopicArn" in body else body
        if "Records" in event and (events := _read_notification(event["Records"], record_id, timestamp)) is not None:
            return events
    except RecursionError:
        raise malformed(record_id, "envelopes around an event", "too many of them") from None
    if not event.get("type"):
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
        if event.get("Event") == "s3:TestEvent":
            return None
        # What an alarm sends to a topic.
        if "NewStateValue" in event and "AlarmName" in event:
            from powertools_stream.sources.cloudwatch import ALARM_TYPE, CONTRIBUTOR_TYPE

            event["type"] = CONTRIBUTOR_TYPE if "AlarmContributorId" in event else ALARM_TYPE
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
    An event without an envelope comes back as it is; so does an S3 notification, which `read_events` reads.

    Raises
    ------
    MalformedRecordError
        An envelope does not hold a JSON object.

    Examples
    --------
    >>> unwrap({"id": "1", "detail-type": "order-created", "time": "2026-01-01T00:00:00Z", "detail": {"total": 42}})
    {'total': 42, 'id': '1', 'type': 'order-created', 'timestamp': 1767225600000}
    """
    event = body
    envelopes: list[tuple[Any, Any, Any]] = []
    while True:
        if "detail-type" in event and "detail" in event:
            envelope = event
            event = _inner(envelope["detail"], "the detail of the EventBridge event", record_id)
            if type(publisher := envelope.get("source")) is str and publisher.startswith("aws."):
                event = _service_event(envelope, event)
                break
            envelopes.append((envelope.get("id"), envelope["detail-type"], envelope.get("time")))
        elif "TopicArn" in event and event.get("Type") == "Notification":
            envelopes.append((event.get("MessageId"), None, event.get("Timestamp")))
            event = _inner(event.get("Message"), "the Message of the SNS notification", record_id)
        else:
            break
    for identifier, kind, time in reversed(envelopes):
        _fill_in(event, identifier, kind, time)
    return event


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


def _read_notification(records: Any, record_id: str, timestamp: float | str | None) -> list[Event] | None:
    """Read the records of a notification that another service carried, one event for each object.

    Parameters
    ----------
    records
        What stands under ``Records``: those of S3; or those that Lambda hands over for SNS, as its dead-letter queue
        gets them.
    record_id
        The record that carried them, for errors.
    timestamp
        Its time in ms, for an event without one.

    Returns
    -------
    The events; None for anything else, which is an event that happens to have ``Records``.
    """
    if type(records) is not list or not records or not all(map(_is_notification, records)):
        return None
    from powertools_stream.sources.notifications import object_event

    events: list[Event] = []
    for record in records:
        if "Sns" not in record:
            events.append(object_event(record, record_id, timestamp))
        elif (read := read_events(dict(record["Sns"]), record_id, timestamp, None)) is not None:
            events.extend(read if isinstance(read, list) else [read])
    return events


def _is_notification(record: Any) -> bool:
    if type(record) is not dict:
        return False
    return record.get("eventSource") == "aws:s3" or (
        record.get("EventSource") == "aws:sns" and type(record.get("Sns")) is dict
    )
