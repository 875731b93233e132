"""What sample events hold, if nobody says otherwise. The same in every run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_plus
from uuid import NAMESPACE_URL, uuid5

from powertools_stream.cli.status import CannotRunError
from powertools_stream.testing.envelopes import ACCOUNT, NOW

__all__ = [
    "change",
    "change_of",
    "changed_object",
    "event",
    "in_data_stream",
    "numbered",
    "object_created",
    "object_of",
]


def event(n: int) -> dict[str, Any]:
    """Return the n-th domain event."""
    order = {"id": f"o-{n}", "total": 4200, "currency": "EUR"}
    identifier = str(uuid5(NAMESPACE_URL, f"event/{n}"))
    return {"id": identifier, "type": "order-created", "timestamp": NOW, "partition_key": order["id"], "order": order}


def change(n: int) -> dict[str, Any]:
    """Return the n-th item of a table, as it is after the change."""
    return {"pk": f"o-{n}", "sk": "order", "status": "created", "total": 4200, "timestamp": NOW}


def changed_object(n: int) -> dict[str, Any]:
    """Return the n-th object of a bucket."""
    return {"key": f"orders/o-{n}.json"}


def numbered(name: str, n: int) -> str:
    """Return a name, with a number from the second on."""
    return name if n == 1 else f"{name}-{n}"


_IMAGES = frozenset({"new_image", "old_image", "keys"})


def change_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the change that a body stands for: itself, or the insertion of an item.

    Raises
    ------
    CannotRunError
        It does not say what the item's keys are.
    """
    is_change = not _IMAGES.isdisjoint(body) and _IMAGES.issuperset(body)
    made = dict(body) if is_change else {"new_image": dict(body)}
    image = made.get("new_image") or made.get("old_image")
    if not isinstance(image, Mapping) or not image:
        raise CannotRunError("Expected an item in new_image or old_image of the change, found none.")
    if "keys" not in made and "pk" not in image:
        raise CannotRunError(
            f"Expected the item to have the key pk, found {', '.join(image)}. "
            'Name its keys: {"new_image": {…}, "keys": {…}}.'
        )
    return made


def object_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the object that a body stands for.

    Raises
    ------
    CannotRunError
        It has no key.
    """
    if not isinstance(body.get("key"), str):
        raise CannotRunError('Expected the object to have a key, {"key": "orders/o-1.json"}, found none.')
    return dict(body)


def object_created(notification: Mapping[str, Any]) -> dict[str, Any]:
    """Return the detail that a bucket sends to EventBridge for what it says in a notification.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
    """
    s3 = notification["Records"][0]["s3"]
    changed = s3["object"]
    return {
        "version": "0",
        "bucket": {"name": s3["bucket"]["name"]},
        "object": {
            "key": unquote_plus(changed["key"]),  # only a notification has it encoded
            "size": changed.get("size", 0),
            "etag": changed.get("eTag", ""),
            "sequencer": changed["sequencer"],
        },
        "request-id": notification["Records"][0]["responseElements"]["x-amz-request-id"],
        "requester": ACCOUNT,
        "source-ip-address": "205.255.255.255",
        "reason": "PutObject",
    }


def in_data_stream(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record of a table's stream in the form that it has in Kinesis Data Streams for DynamoDB.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/kds_gettingstarted.html
    """
    stream_record = record["dynamodb"]
    left_out = ("SequenceNumber", "StreamViewType")
    return {
        "awsRegion": record["awsRegion"],
        "eventID": str(uuid5(NAMESPACE_URL, record["eventID"])),
        "eventName": record["eventName"],
        "userIdentity": record.get("userIdentity"),
        "recordFormat": "application/json",
        "tableName": record["eventSourceARN"].split("/")[1],
        "dynamodb": {
            **{name: value for name, value in stream_record.items() if name not in left_out},
            "ApproximateCreationDateTime": int(stream_record["ApproximateCreationDateTime"] * 1_000_000),
            "ApproximateCreationDateTimePrecision": "MICROSECOND",
        },
        "eventSource": "aws:dynamodb",
    }
