"""From a record's payload to the event that it carries: JSON, the envelopes that AWS puts around it, what it lacks."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from datetime import datetime, timezone
from typing import Any

from powertools_stream.compression import MARK, InflationError, decompressed
from powertools_stream.errors import MalformedRecordError
from powertools_stream.uow import Event, complete

__all__ = [
    "ALARM_TYPE",
    "CONTRIBUTOR_TYPE",
    "malformed",
    "milliseconds",
    "parse_base64",
    "parse_object",
    "read_compressed",
    "read_events",
    "unwrap",
]

ALARM_TYPE = "CloudWatch Alarm State Change"
"""The type of an alarm's change of state, whichever way it comes: as EventBridge names it.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
"""

CONTRIBUTOR_TYPE = "CloudWatch Alarm Contributor State Change"
"""The type where it is one time series, of many that the alarm watches, whose state has changed."""

# `json.loads` itself goes through this, by way of checks that we do not need.
_parse = json.JSONDecoder().decode


def malformed(record_id: str | None, expected: str, found: str) -> MalformedRecordError:
    """Make the error for a record that cannot be read. What was found is described, its content is not shown."""
    error = MalformedRecordError(f"Expected {expected}, found {found}.")
    error.record_id = record_id
    return error


def parse_object(text: Any, what: str, record_id: str | None = None) -> dict[str, Any]:
    """Parse the text of a JSON object.

    Parameters
    ----------
    text
        The text; anything else is an error of the record.
    what
        What is parsed, for the message: ``"the message's body"``.
    record_id
        The record, for the error.
    """
    if not isinstance(text, str):
        raise malformed(record_id, f"{what} to be the text of a JSON object", _describe(text))
    try:
        value = _parse(text)
    except ValueError as error:
        # `from None`: the error of the parser holds all of the text.
        raise malformed(record_id, f"{what} to be a JSON object", f"text that is not JSON: {error}") from None
    except RecursionError:
        raise malformed(record_id, f"{what} to be a JSON object", "JSON that is nested too deeply") from None
    if type(value) is not dict:
        raise malformed(record_id, f"{what} to be a JSON object", _describe(value))
    return read_compressed(value, what, record_id) if MARK in text else value


def read_compressed(value: dict[str, Any], what: str, record_id: str | None = None) -> dict[str, Any]:
    """Read the compressed values of an object, and return it. Parameters as for `parse_object`."""
    try:
        inflated: dict[str, Any] = decompressed(value)
    except InflationError as error:
        raise malformed(record_id, f"{what} to hold compressed values that can be read", str(error)) from None
    return inflated


def parse_base64(data: Any, what: str, record_id: str | None = None) -> str:
    """Decode base64 to the UTF-8 text that it holds. Parameters as for `parse_object`."""
    if not isinstance(data, str):
        raise malformed(record_id, f"{what} to be base64", _describe(data))
    try:
        return b64decode(data, validate=True).decode()
    except UnicodeDecodeError as error:
        found = f"bytes that are not UTF-8, from byte {error.start} on"
        raise malformed(record_id, f"{what} to hold UTF-8 text", found) from None
    except ValueError as error:
        raise malformed(record_id, f"{what} to be base64", f"text that is not: {error}") from None


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
        An envelope does not hold a JSON object, or a notification does not name its object.
    """
    # Most payloads come without an envelope: they are spared a call.
    event = unwrap(body, record_id) if "detail-type" in body or "TopicArn" in body else body
    if "Records" in event:
        from powertools_stream.sources.notifications import read_notification

        if (events := read_notification(event["Records"], record_id, timestamp)) is not None:
            return events
    if not event.get("type"):
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
        if event.get("Event") == "s3:TestEvent":
            return None
        # What an alarm sends to a topic.
        if "NewStateValue" in event and "AlarmName" in event:
            event["type"] = CONTRIBUTOR_TYPE if "AlarmContributorId" in event else ALARM_TYPE
    return complete(event, record_id, timestamp, partition_key)


def unwrap(body: Event, record_id: str | None = None) -> Event:
    """Take an event out of the envelopes around it, nested to any depth.

    Of an EventBridge event, the event is its ``detail``; of an SNS notification, the JSON of its ``Message``. What the
    event lacks of ``id``, ``type`` and ``timestamp`` is filled in from the envelope, the innermost first. Events that
    AWS itself publishes (their ``source`` starts with ``aws.``) always take these three from the envelope, and
    ``tags`` as well: where the ``detail`` has one of these names for something else, it stands whole under ``detail``.
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
    own: Event = {
        "id": envelope.get("id"),
        "type": envelope["detail-type"],
        "timestamp": milliseconds(envelope.get("time")),
        "tags": {name: envelope[name] for name in ("account", "region") if name in envelope},
    }
    if envelope["source"] == "aws.s3" and type(changed := detail.get("object")) is dict and "key" in changed:
        own["partition_key"] = changed["key"]
    event = {**detail, **own}
    return event if own.keys().isdisjoint(detail) else {**event, "detail": detail}


def _fill_in(event: Event, identifier: Any, kind: Any, time: Any) -> None:
    if identifier and event.get("id") in (None, ""):
        event["id"] = identifier
    if kind and event.get("type") in (None, ""):
        event["type"] = kind
    if event.get("timestamp") is None and (timestamp := milliseconds(time)) is not None:
        event["timestamp"] = timestamp


# CloudWatch writes "+0000", which Python 3.10 does not read; nor does it read the "Z".
_OFFSET = re.compile(r"([+-]\d\d)(\d\d)$")


def milliseconds(time: Any) -> int | None:
    """Read an ISO 8601 time as ms; None where there is none to read, and the record's own time will do."""
    try:
        moment = datetime.fromisoformat(_OFFSET.sub(r"\1:\2", time.replace("Z", "+00:00")))
    except (AttributeError, TypeError, ValueError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return round(moment.timestamp() * 1000)


_KINDS = {
    type(None): "nothing",
    list: "a JSON array",
    str: "a string",
    bool: "a boolean",
    int: "a number",
    float: "a number",
}


def _describe(value: Any) -> str:
    return _KINDS.get(type(value), f"a value of type {type(value).__name__}")
