"""Events of Amazon S3's notifications, wherever these come from: S3 itself, a topic, a queue, a stream."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import unquote_plus

from powertools_stream.payloads.parsing import malformed, milliseconds
from powertools_stream.sources.invocations import name_of
from powertools_stream.uow import Event

__all__ = ["changed_object", "object_event"]

_WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])")


def object_event(record: Mapping[str, Any], record_id: str, timestamp: float | str | None = None) -> Event:
    """Make an event of one record of a notification; what AWS says stays, except that the key is decoded.

    Raises
    ------
    MalformedRecordError
        The record names no bucket, object or kind of change, or the time is none.
    """
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
    try:
        field, encoded = changed_object(record)
        s3 = record["s3"]
        bucket, key, name = s3["bucket"]["name"], unquote_plus(encoded["key"]), record["eventName"]
        kind = _kind(name)
        if not isinstance(bucket, str):
            raise TypeError("The bucket's name is no text.")
        moment = milliseconds(record.get("eventTime"))
        sent = moment if moment is not None else int(timestamp or 0)
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
        found = f"one without ({type(error).__name__})"
        raise malformed(record_id, "a record of S3 with s3.bucket.name, s3.object.key and eventName", found) from None
    # Only events that create or remove an object have a sequencer, which tells them from each other.
    place = encoded.get("sequencer") or (record.get("eventTime"), encoded.get("versionId"))
    return {
        **record,
        "id": name_of(repr((bucket, key, name, place))),
        "type": kind,
        "timestamp": sent,
        "partition_key": key,
        "tags": {"region": record.get("awsRegion")},
        "s3": {**s3, field: {**encoded, "key": key}},
    }


def changed_object(record: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """Return what S3 says of the object, its key still encoded, and the name under which it says so."""
    s3 = record["s3"]
    # So named if Intelligent-Tiering moves an object.
    field = "get_object" if "object" not in s3 and "get_object" in s3 else "object"
    return field, s3[field]


@lru_cache(maxsize=64)
def _kind(name: str) -> str:
    """Name an event's family as our types are spelled: ``ObjectCreated:Put`` is an ``object-created``."""
    return _WORDS.sub("-", name.removeprefix("s3:").partition(":")[0]).lower()
