"""An event that was stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from powertools_stream.errors import MalformedRecordError
from powertools_stream.payloads.parsing import milliseconds
from powertools_stream.sources.envelopes import unwrap

__all__ = ["FAULT", "NoEventError", "StoredEvent", "event_in"]


FAULT = "fault"
"""The type of fault events."""


@dataclass(frozen=True)
class StoredEvent:
    """An event, and where it is stored.

    Parameters
    ----------
    event
        The event of this library, taken out of EventBridge's envelope: ``id``, ``type``, ``timestamp``, ….
    place
        ``"s3://lake/2026/11/29/22/faults-1.gz:17"``, ``"faults.jsonl:17"``, ``"sqs://faults:<message id>"``.
    """

    event: Mapping[str, Any]
    place: str


class NoEventError(Exception):
    """What is stored is no event. The message says what was expected and found."""


def event_in(document: Any) -> dict[str, Any]:
    """Return the event that a stored document is: the document itself, or what is in the envelopes around it.

    Raises
    ------
    NoEventError
        It is none: it is no object, or has no ``id`` or ``type``.
    """
    if not isinstance(document, dict):
        raise NoEventError(f"Expected an event, a JSON object, found {_kind(document)}.")
    try:
        event = unwrap(document)
    except (MalformedRecordError, RecursionError) as error:
        raise NoEventError(str(error)) from error
    missing = [name for name in ("id", "type") if not isinstance(event.get(name), str) or not event[name]]
    if missing:
        found = ", ".join(list(map(str, event))[:5]) or "none"
        raise NoEventError(f"Expected an event with {' and '.join(missing)}, found an object with the fields: {found}.")
    if (at := milliseconds(event.get("timestamp"))) is not None:
        event["timestamp"] = at
    return event


def _kind(value: Any) -> str:
    return {list: "an array", str: "a text", type(None): "null"}.get(type(value), "a number")
