"""Excerpts: what is left of a record that is too large to be kept whole."""

from __future__ import annotations

from typing import Any

__all__ = ["identifiers", "short_fields"]

_CONTEXT = dict.fromkeys(("awsRegion", "eventID", "eventName", "eventSource", "eventSourceARN"))
_IDENTIFIERS: dict[str, Any] = {
    **_CONTEXT,
    "messageId": None,
    "attributes": dict.fromkeys(("ApproximateReceiveCount", "MessageGroupId", "SentTimestamp", "SequenceNumber")),
    "kinesis": dict.fromkeys(("approximateArrivalTimestamp", "partitionKey", "sequenceNumber")),
    "dynamodb": dict.fromkeys(("ApproximateCreationDateTime", "SequenceNumber", "StreamViewType")),
    **dict.fromkeys(("topic", "partition", "offset", "timestamp")),
    "EventSource": None,
    "EventSubscriptionArn": None,
    "Sns": dict.fromkeys(("MessageId", "Timestamp", "TopicArn")),
    "s3": {
        "bucket": dict.fromkeys(("arn", "name")),
        "object": dict.fromkeys(("eTag", "key", "sequencer", "versionId")),
    },
    **dict.fromkeys(("account", "detail-type", "id", "region", "source", "time")),
    **dict.fromkeys(("approximateArrivalTimestamp", "recordId")),
}
"""By what AWS finds a record again, source by source. Its payload is elsewhere."""

_LONGEST = 1_024
"""Characters of a text that is kept: AWS's identifiers and ARNs are shorter."""

_MOST = 2_048
"""Characters that are kept, names included."""


def short_fields(fields: Any) -> dict[str, Any]:
    """Return the short fields of an object, under their own names and in their own objects.

    Fields near the top come first, and arrays and long texts are left out. A record's identifiers are short and near
    the top, while its payload is long, or further down.

    Parameters
    ----------
    fields
        A value as `safe_json` makes it. What is no object has no fields.
    """
    kept: dict[str, Any] = {}
    room = _MOST
    level = [(fields, kept)] if isinstance(fields, dict) else []
    while level:
        below = []
        for given, taken in level:
            for name, value in given.items():
                is_object = isinstance(value, dict)
                length = len(name) + (2 if is_object else _length(value))
                if length > room:
                    continue
                room -= length
                taken[name] = {} if is_object else value
                if is_object:
                    below.append((value, taken[name]))
        level = below
    return kept


def identifiers(record: Any) -> dict[str, Any]:
    """Return by what AWS finds a record again, under its own names: nothing of its payload.

    Parameters
    ----------
    record
        A record as `safe_json` makes it.
    """
    return _picked(record, _IDENTIFIERS)


def _picked(fields: Any, wanted: dict[str, Any]) -> dict[str, Any]:
    picked: dict[str, Any] = {}
    for name, value in fields.items() if isinstance(fields, dict) else ():
        inner = wanted.get(name)
        if inner is not None and isinstance(value, dict):
            picked[name] = _picked(value, inner)
        elif inner is None and name in wanted and not isinstance(value, dict | list) and _length(value) <= _LONGEST:
            picked[name] = value
    return {name: value for name, value in picked.items() if value != {}}


def _length(value: Any) -> int:
    length = _MOST if isinstance(value, list) else len(str(value))
    return length if length <= _LONGEST else _MOST + 1
