"""Events as they are stored."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from typing import Any

from powertools_stream.cli.aws import Account
from powertools_stream.cli.lake import Selection, open_lake

AT = 1_764_453_600_000
"""2025-11-29T22:00:00Z."""

HERE = Account()


def event(identifier: str, type_: str = "order-submitted", at: int = AT, **fields: Any) -> dict[str, Any]:
    return {"id": identifier, "type": type_, "timestamp": at, "partition_key": "o-1", "tags": {}, **fields}


def fault(
    identifier: str, rule: str = "charge", error: str = "PaymentError", at: int = AT, **fields: Any
) -> dict[str, Any]:
    record = {"messageId": identifier, "body": '{"id": "o-1"}'}
    return event(
        identifier,
        "fault",
        at,
        **{
            "tags": {"functionname": "orders-listener", "pipeline": rule, "region": "eu-central-1", "stage": "dev"},
            "err": {"name": error, "message": "card [o-1] declined", "stack": "Traceback:\n  in charge"},
            "uow": {"pipeline": rule, "record": record, "event": event("o-1"), "found": {"total": 42}},
            "disposition": "set-aside",
            "attempt": 3,
            **fields,
        },
    )


def enveloped(event: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {
        "version": "0",
        "id": f"envelope of {event.get('id')}",
        "detail-type": event.get("type", "order-submitted"),
        "source": "orders",
        "time": "2025-11-29T22:00:00Z",
        "detail": event,
        **fields,
    }


def lines(events: Iterable[Any], end: str = "\n", *, zipped: bool = False) -> bytes:
    content = "".join(f"{each if isinstance(each, str) else json.dumps(each)}{end}" for each in events).encode()
    return gzip.compress(content) if zipped else content


def ids_in(location: object, **selected: Any) -> list[str]:
    lake = open_lake(str(location), HERE)
    found = [stored.event["id"] for stored in lake.events(Selection(**selected))]
    assert lake.reading.problems == 0
    return found
