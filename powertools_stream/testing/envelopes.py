"""The envelopes that AWS puts around an event in transit, for use in the record builders."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from powertools_stream.uow import Event

__all__ = ["ACCOUNT", "NOW", "REGION", "iso", "to_eventbridge_envelope", "to_json", "to_sns_envelope"]

REGION = "us-west-2"
ACCOUNT = "123456789012"
NOW = 1_767_225_600_000
"""2026-01-01T00:00:00Z in ms, so that records are the same in every run."""


def to_eventbridge_envelope(
    event: Event,
    *,
    source: str = "custom",
    detail_type: str | None = None,
    region: str = REGION,
    resources: Sequence[str] = (),
) -> dict[str, Any]:
    """Wrap an event as an EventBridge rule delivers it to a target. ``detail_type`` defaults to the event's type."""
    return {
        "version": "0",
        "id": _uuid("eventbridge", event),
        "detail-type": detail_type if detail_type is not None else event.get("type", ""),
        "source": source,
        "account": ACCOUNT,
        "time": iso(NOW)[:19] + "Z",
        "region": region,
        "resources": list(resources),
        "detail": event,
    }


def to_sns_envelope(
    message: Event | str, *, topic: str = "orders", subject: str | None = None, region: str = REGION
) -> dict[str, Any]:
    """Wrap an event or a string as SNS delivers it to a queue (without raw message delivery)."""
    arn = f"arn:aws:sns:{region}:{ACCOUNT}:{topic}"
    host = f"https://sns.{region}.amazonaws.com"
    return {
        "Type": "Notification",
        "MessageId": _uuid("sns", message),
        "TopicArn": arn,
        **({"Subject": subject} if subject is not None else {}),
        "Message": message if isinstance(message, str) else to_json(message),
        "Timestamp": iso(NOW),
        "SignatureVersion": "1",
        "Signature": b64encode(bytes(256)).decode(),
        "SigningCertURL": f"{host}/SimpleNotificationService-0000000000000000000000.pem",
        "UnsubscribeURL": f"{host}/?Action=Unsubscribe&SubscriptionArn={arn}:{_uuid('subscription', topic)}",
    }


def to_json(value: Any) -> str:
    """Encode a value as JSON the way that a publisher would: numbers as numbers, sets as lists, bytes as base64."""
    return json.dumps(value, default=_plain, ensure_ascii=False, separators=(",", ":"))


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    if isinstance(value, bytes | bytearray):
        return b64encode(value).decode()
    if callable(dump := getattr(value, "model_dump", None)):
        return dump()
    raise TypeError(f"Expected a value that JSON can hold, found one of type {type(value).__name__}.")


def _uuid(kind: str, value: Any) -> str:
    return str(uuid5(NAMESPACE_URL, f"{kind}/{to_json(value)}"))


def iso(milliseconds: int) -> str:
    """Format a time in ms the way that AWS does: ``2026-01-01T00:00:00.000Z``."""
    moment = datetime.fromtimestamp(milliseconds / 1000, tz=timezone.utc)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
