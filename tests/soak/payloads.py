"""The payloads of planned records: events, in the envelopes that AWS puts around them, and what cannot be read."""

from __future__ import annotations

import base64
import json
from typing import Any

from powertools_stream.testing import to_eventbridge_envelope, to_sns_envelope
from tests.soak.program import PlannedRecord

__all__ = ["IN_BASE64", "IN_TEXT", "base64_payload", "payload"]

IN_TEXT = ("not JSON", "an array", "NaN")
"""The ways in which a payload cannot be read that is text."""

IN_BASE64 = (*IN_TEXT, "not base64", "not UTF-8")
"""The ways in which one cannot be read that travels as base64."""


def payload(record: PlannedRecord) -> Any:
    """Return the event of a record, in its envelope; or what cannot be read as one."""
    if record.malformed == "not JSON":
        return "not JSON"
    if record.malformed == "an array":
        return "[1, 2]"
    if record.malformed == "NaN":
        return json.dumps({**_event(record), "timestamp": float("nan")})
    event = _event(record)
    if record.envelope == "eventbridge":
        return to_eventbridge_envelope(event)
    return to_sns_envelope(event) if record.envelope == "sns" else event


def _event(record: PlannedRecord) -> dict[str, Any]:
    event: dict[str, Any] = {"ref": record.ref, "timestamp": record.timestamp, "number": record.number}
    if record.kind:
        event["type"] = record.kind
    if record.key:
        event["partition_key"] = record.key
    if record.event_id is not None:
        event["id"] = record.event_id
    if record.skipped:
        event["tags"] = {"skip": True}
    if record.size:
        event["padding"] = "x" * record.size
    if record.nested:
        event["nested"] = _nested(record.nested)
    return event


def _nested(depth: int) -> Any:
    value: Any = "inside"
    for _ in range(depth):
        value = [value]
    return value


def _encoded(record: PlannedRecord) -> str | None:
    """Return a payload that is encoded in a way of its own; None: it is encoded as usual."""
    if record.malformed == "not base64":
        return "%"
    if record.malformed == "not UTF-8":
        return base64.b64encode(b"\xff\xfe").decode()
    return None


def base64_payload(record: PlannedRecord, name: str) -> dict[str, Any]:
    encoded = _encoded(record)
    return {name: payload(record)} if encoded is None else {"base64": encoded}
