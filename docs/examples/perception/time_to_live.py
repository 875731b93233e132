"""Simulates DynamoDB's time to live, which moto does not have, and signs removals.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ttl-expired-items.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from powertools_stream.local import DisorderlyFunction, Invocation, LambdaFunction

__all__ = ["DisorderlySignedFunction", "SignedFunction", "remove_due_rows"]

_IDENTITY = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}


def remove_due_rows(dynamodb: Any, table: str, now: int) -> int:
    """Remove each row due at this time (epoch seconds), and return their number."""
    due = dynamodb.scan(
        TableName=table,
        FilterExpression="expires_at <= :now",
        ExpressionAttributeValues={":now": {"N": str(now)}},
    )["Items"]
    for row in due:
        dynamodb.delete_item(
            TableName=table,
            Key={name: row[name] for name in ("site", "date#event_type")},
        )
    return len(due)


class SignedFunction(LambdaFunction):
    """A function that gets removals as by time to live: nothing else removes rows."""

    def invoke(self, event: Mapping[str, Any]) -> Invocation:
        """Call the handler."""
        return super().invoke(
            {"Records": [_signed(record) for record in event["Records"]]}
        )


class DisorderlySignedFunction(SignedFunction, DisorderlyFunction):
    """The same, but every record is delivered twice and out of order."""


def _signed(record: dict[str, Any]) -> dict[str, Any]:
    return (
        {**record, "userIdentity": _IDENTITY}
        if record["eventName"] == "REMOVE"
        else record
    )
