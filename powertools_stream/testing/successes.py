"""What AWS answers if all goes well: each entry of a call with what proves it, as far as an operation's name tells."""

from __future__ import annotations

import re
from typing import Any

__all__ = ["success"]

_MAPPING = "a092f90d-9948-4964-95b5-32c46093f734"
# Of services that speak REST, by method and path: status, body.
_REST: tuple[tuple[re.Pattern[str], int, dict[str, Any] | str], ...] = (
    (re.compile(r"GET /2015-03-31/event-source-mappings"), 200, {"EventSourceMappings": []}),
    (re.compile(r"\w+ /2015-03-31/event-source-mappings"), 202, {"UUID": _MAPPING}),
    (re.compile(r"\w+ /2015-03-31/functions"), 200, {}),
    (re.compile(r"\w+ /schedules/"), 200, {"ScheduleArn": "arn:aws:scheduler:eu-central-1:123456789012:schedule/a/b"}),
    # S3 proves a put by a header, and a delete by its status.
    (re.compile(r"PUT /"), 200, ""),
    (re.compile(r"DELETE /"), 204, ""),
)


def success(operation: str, body: dict[str, Any]) -> tuple[int, dict[str, Any] | str]:
    """Return the status and the body with which a service answers an operation, ``"PutEvents"`` or ``"PUT /a/b"``."""
    if " " in operation:
        return next(((status, answer) for path, status, answer in _REST if path.match(operation)), (200, {}))
    return 200, _of_json_service(operation, body)


def _of_json_service(operation: str, body: dict[str, Any]) -> dict[str, Any]:
    numbered = [{"Id": entry.get("Id"), "MessageId": f"message-{n}"} for n, entry in enumerate(body.get("Entries", ()))]
    answers: dict[str, dict[str, Any]] = {
        "PutEvents": {"FailedEntryCount": 0, "Entries": [{"EventId": f"event-{n}"} for n in range(len(numbered))]},
        "UpdateItem": {"Attributes": body.get("Key")} if body.get("ReturnValues", "NONE") != "NONE" else {},
        "BatchWriteItem": {"UnprocessedItems": {}},
        "BatchGetItem": {"Responses": {table: [] for table in body.get("RequestItems", ())}, "UnprocessedKeys": {}},
        "Query": {"Items": [], "Count": 0, "ScannedCount": 0},
        "Scan": {"Items": [], "Count": 0, "ScannedCount": 0},
        "SendMessageBatch": {"Successful": numbered, "Failed": []},
        "PutRecords": {
            "FailedRecordCount": 0,
            "Records": [{"SequenceNumber": str(n), "ShardId": "0"} for n, _ in enumerate(body.get("Records", ()))],
        },
        "PutRecordBatch": {
            "FailedPutCount": 0,
            "RequestResponses": [{"RecordId": str(n)} for n, _ in enumerate(body.get("Records", ()))],
        },
    }
    return answers.get(operation, {})
