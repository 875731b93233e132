"""What every event has, whatever its payload: an id, a type, a timestamp in ms, tags."""

from __future__ import annotations

from typing import Any

from powertools_stream.payloads.parsing import milliseconds
from powertools_stream.uow import Event

__all__ = ["complete"]


def complete(event: Event, record_id: str, timestamp: float | str | None, partition_key: Any) -> Event:
    """Fill in from the record what the event lacks; the event is changed in place and returned.

    Afterwards ``type`` is a string and ``tags`` an object, whatever the payload had there; ``id`` and ``timestamp`` are
    present, and so is ``partition_key`` if the payload, in either spelling, or the record has one. A timestamp that is
    a time in ISO 8601 becomes ms.

    Parameters
    ----------
    timestamp
        The record's, in ms.
    """
    get = event.get
    if (identifier := get("id")) is None or identifier == "":
        event["id"] = record_id
    if type(get("type")) is not str:
        event["type"] = ""
    if (given := get("timestamp")) is None:
        event["timestamp"] = int(timestamp or 0)
    elif type(given) is str and (at := milliseconds(given)) is not None:
        event["timestamp"] = at
    if type(get("tags")) is not dict:
        event["tags"] = {}
    if get("partition_key") is None:
        # Services written in JavaScript publish this spelling.
        if (key := get("partitionKey")) is None:
            key = partition_key
        if key is not None:
            event["partition_key"] = key
    return event
