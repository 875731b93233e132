"""The data in the benchmark's AWS: rows that flavors read."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from powertools_stream.payloads.attribute_values import serialize_item
from powertools_stream.testing.endpoint import Answer, Script
from tests.bench.cases import BUCKET, CHECKPOINTS

__all__ = ["PAGE", "SCANNED", "SCRIPT"]

SCANNED = 100
"""How many items a scan finds in total."""

PAGE = 25
"""How many items a page has."""


def _query(operation: str, body: dict[str, Any]) -> Answer:
    """Answer two rows for any key: the orders of a customer, or the correlated events of an order."""
    (key,) = (value["S"] for value in body["ExpressionAttributeValues"].values())
    rows: list[dict[str, Any]] = [
        {"pk": f"{key}-order-{n}", "sk": "order", "product": f"product-{n}"}
        if body.get("IndexName") == "CustomerIndex"
        else {"pk": key, "sk": f"event-{n}", "event": {"id": f"event-{n}", "type": f"type-{n}", "timestamp": n}}
        for n in range(2)
    ]
    return 200, {"Items": [serialize_item(row) for row in rows], "Count": 2}


def _batch_get(operation: str, body: dict[str, Any]) -> Answer:
    if CHECKPOINTS in (wanted := body["RequestItems"]):
        found = (_checkpoints.get(key["id"]["S"]) for key in wanted[CHECKPOINTS]["Keys"])
        return 200, {"Responses": {CHECKPOINTS: [item for item in found if item]}, "UnprocessedKeys": {}}
    rows = {table: [{**key, "price": {"N": "5"}} for key in asked["Keys"]] for table, asked in wanted.items()}
    return 200, {"Responses": rows, "UnprocessedKeys": {}}


def _kept(operation: str, body: dict[str, Any]) -> Answer:
    """Keep the items of one table, to give them back."""
    for write in body["RequestItems"].get(CHECKPOINTS, ()):
        item = write["PutRequest"]["Item"]
        _checkpoints[item["id"]["S"]] = item
    return 200, {"UnprocessedItems": {}}


_checkpoints: dict[str, dict[str, Any]] = {}


def _scan(operation: str, body: dict[str, Any]) -> Answer:
    start = int(body.get("ExclusiveStartKey", {}).get("pk", {}).get("S", "0"))
    items = [{"pk": {"S": str(n)}, "sk": {"S": "order"}} for n in range(start, start + PAGE)]
    more = {"LastEvaluatedKey": {"pk": {"S": str(start + PAGE)}}} if start + PAGE < SCANNED else {}
    return 200, {"Items": items, "Count": PAGE, **more}


def _publish(operation: str, body: dict[str, Any]) -> Answer:
    """Answer for SNS, which speaks forms and XML."""
    ids = [value for name, value in parse_qsl(body["content"]) if name.endswith(".Id")]
    members = "".join(f"<member><Id>{name}</Id><MessageId>{name}</MessageId></member>" for name in ids)
    result = f"<PublishBatchResult><Successful>{members}</Successful></PublishBatchResult>"
    return 200, f"<PublishBatchResponse>{result}</PublishBatchResponse>"


def _delete_objects(operation: str, body: dict[str, Any]) -> Answer:
    deleted = "".join(f"<Deleted><Key>{key}</Key></Deleted>" for key in re.findall("<Key>(.*?)</Key>", body["content"]))
    return 200, f"<DeleteResult>{deleted}</DeleteResult>"


def _bulk(operation: str, body: dict[str, Any]) -> Answer:
    actions = [json.loads(line) for line in body["content"].splitlines()[::2]]
    items = [{"index": {"_id": action["index"]["_id"], "status": 201, "result": "created"}} for action in actions]
    return 200, {"took": 1, "errors": False, "items": items}


SCRIPT: Mapping[str, Script] = {
    "BatchGetItem": _batch_get,
    "BatchWriteItem": _kept,
    "POST /": _publish,
    "POST /_bulk": _bulk,
    f"POST /{BUCKET}?delete": _delete_objects,
    "Query": _query,
    "Scan": _scan,
}
