"""What tests ask of records and responses."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from typing import Any

Record = dict[str, Any]


def content_of(record: Record) -> str:
    """Return what the test sent."""
    if "kinesis" in record:
        return base64.b64decode(record["kinesis"]["data"]).decode()
    if "dynamodb" in record:
        value: str = record["dynamodb"]["NewImage"]["value"]["S"]
        return value
    body: str = record["body"]
    return body


def identifier_of(record: Record) -> str:
    """Return what a response calls the record."""
    if "kinesis" in record:
        number: str = record["kinesis"]["sequenceNumber"]
        return number
    identifier: str = record["dynamodb"]["SequenceNumber"] if "dynamodb" in record else record["messageId"]
    return identifier


def report(*contents: str) -> Callable[[Sequence[Record]], Any]:
    """Return a handler that reports these."""

    def handler(records: Sequence[Record]) -> Any:
        failed = [identifier_of(record) for record in records if content_of(record) in contents]
        return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in failed]}

    return handler


def fail_on(*contents: str) -> Callable[[Sequence[Record]], Any]:
    """Return a handler that raises if it gets any of these."""

    def handler(records: Sequence[Record]) -> Any:
        if found := [content_of(record) for record in records if content_of(record) in contents]:
            raise RuntimeError(f"no {found}")
        return None

    return handler


def contents(batches: Sequence[Sequence[Record]]) -> list[list[str]]:
    """Return what was sent, batch by batch."""
    return [[content_of(record) for record in batch] for batch in batches]
