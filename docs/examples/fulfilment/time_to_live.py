"""Simulates DynamoDB's time to live, which moto does not have: removes due rows.

DynamoDB itself removes a row within a few days after it was due.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html
"""

from __future__ import annotations

import time
from typing import Any

__all__ = ["remove_due_rows"]

_WRITES_PER_CALL = 25


def remove_due_rows(dynamodb: Any, table: str) -> int:
    """Remove every row whose ``ttl`` has passed, and return how many there were."""
    due = dynamodb.get_paginator("scan").paginate(
        TableName=table,
        FilterExpression="#ttl < :now",
        ProjectionExpression="pk, sk",
        ExpressionAttributeNames={"#ttl": "ttl"},
        ExpressionAttributeValues={":now": {"N": str(int(time.time()))}},
    )
    deletes = [{"DeleteRequest": {"Key": key}} for page in due for key in page["Items"]]
    for first in range(0, len(deletes), _WRITES_PER_CALL):
        dynamodb.batch_write_item(
            RequestItems={table: deletes[first : first + _WRITES_PER_CALL]}
        )
    return len(deletes)
