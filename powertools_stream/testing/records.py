"""Builders of the events that Lambda sends: pass events, get the whole Lambda event.

Each builder takes a list. An item is an event (a dict, which becomes the JSON payload), a string or bytes (the payload
itself, e.g. ``"not JSON"``), or a dict of overrides for this record, which each builder documents. A dict counts as
overrides if it has the key of the payload (``body``, ``data``, ``value``, …) and no key that is not an override.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from hashlib import md5
from typing import Any, cast
from uuid import NAMESPACE_URL, uuid5

from powertools_stream.payloads.attribute_values import serialize_item
from powertools_stream.testing.envelopes import ACCOUNT, NOW, REGION, to_json
from powertools_stream.testing.payloads import listed, overrides, to_base64

__all__ = [
    "to_dynamodb_records",
    "to_kafka_records",
    "to_kinesis_records",
    "to_sqs_records",
]

# Sequence numbers have the length of the service's own.
_FIRST_SQS = 18_849_496_460_467_696_128
_FIRST_KINESIS = 49_590_338_271_490_256_608_559_692_538_361_571_095_921_575_989_136_588_898
_FIRST_DYNAMODB = 4_421_584_500_000_000_017_450_439_091


def to_sqs_records(
    messages: Iterable[Any], *, fifo: bool = False, queue: str = "orders", region: str = REGION
) -> dict[str, Any]:
    """Build the event that Lambda sends for messages of an SQS queue.

    Parameters
    ----------
    messages
        Events, strings, or overrides: ``body`` (an event or a string; None omits it), ``message_id``, ``timestamp``
        (ms), ``region``, ``group_id``, ``receive_count``, ``attributes``, ``message_attributes`` (both unchanged).
    fifo
        Whether the queue is a FIFO queue. The group is ``group_id``, else the event's partition key, else ``"0"``.
    queue
        The queue's name; on a FIFO queue ``.fifo`` is added.
    """
    name = f"{queue.removesuffix('.fifo')}.fifo" if fifo else queue
    return {
        "Records": [
            _sqs_record(message, i, name, region) for i, message in enumerate(listed(messages, "to_sqs_records"))
        ]
    }


def to_kinesis_records(events: Iterable[Any], *, stream: str = "orders", region: str = REGION) -> dict[str, Any]:
    """Build the event that Lambda sends for records of a Kinesis data stream.

    Parameters
    ----------
    events
        Events, strings, bytes, or overrides: ``data`` (any of these) or ``base64`` (the encoded data, unchanged, e.g.
        ``"%"``; None omits it), ``partition_key``, ``sequence_number``, ``timestamp`` (ms). The partition key is the
        event's, else its id, else the position.
    """
    return {
        "Records": [
            _kinesis_record(event, i, stream, region) for i, event in enumerate(listed(events, "to_kinesis_records"))
        ]
    }


def to_dynamodb_records(
    changes: Iterable[Mapping[str, Any]],
    *,
    table: str = "orders",
    key: Sequence[str] = ("pk", "sk"),
    region: str = REGION,
    view_type: str = "NEW_AND_OLD_IMAGES",
) -> dict[str, Any]:
    """Build the event that Lambda sends for changes of a table's items.

    Parameters
    ----------
    changes
        Each with ``new_image`` and/or ``old_image`` (or ``newImage`` / ``oldImage``), as plain values; an insert has no
        old one, a removal no new one. Optional: ``keys`` (default: the attributes named by ``key``), ``timestamp``
        (**seconds**, as in ``ApproximateCreationDateTime``), ``event_name``, ``sequence_number``, ``region``, and
        ``ttl_expired`` (True: marked as a removal by time to live).
    key
        The names of the table's keys.
    view_type
        The stream's ``StreamViewType``: images that it does not include are left out.
    """
    arn = f"arn:aws:dynamodb:{region}:{ACCOUNT}:table/{table}/stream/2026-01-01T00:00:00.000"
    return {
        "Records": [
            _dynamodb_record(change, i, arn, key, view_type)
            for i, change in enumerate(listed(changes, "to_dynamodb_records"))
        ]
    }


def to_kafka_records(
    events: Iterable[Any], *, topic: str = "orders", self_managed: bool = False, region: str = REGION
) -> dict[str, Any]:
    """Build the event that Lambda sends for records of Kafka topics.

    Parameters
    ----------
    events
        Events, strings, bytes, None (a tombstone), or overrides: ``value`` (any of these) or ``base64`` (the encoded
        value, unchanged), ``key``, ``topic``, ``partition``, ``offset``, ``timestamp`` (ms), ``headers`` (a dict of
        strings or bytes). The key defaults to the event's partition key, if it has one.
    self_managed
        Whether the cluster is self-managed rather than Amazon MSK's.
    """
    partitions: dict[str, list[dict[str, Any]]] = {}
    for event in listed(events, "to_kafka_records"):
        record = _kafka_record(event, topic, partitions)
        partitions.setdefault(f"{record['topic']}-{record['partition']}", []).append(record)
    servers = ",".join(f"b-{i}.orders.a1bcde.c1.kafka.{region}.amazonaws.com:9092" for i in (1, 2))
    if self_managed:
        return {"eventSource": "SelfManagedKafka", "bootstrapServers": servers, "records": partitions}
    arn = f"arn:aws:kafka:{region}:{ACCOUNT}:cluster/orders/751d2973-a626-431c-9d4e-d7975eb44dd7-2"
    return {"eventSource": "aws:kafka", "eventSourceArn": arn, "bootstrapServers": servers, "records": partitions}


# -- One record --------------------------------------------------------------------------------------------------------

_SQS = frozenset({
    "attributes", "body", "group_id", "message_attributes", "message_id", "receive_count", "region", "timestamp",
})  # fmt: skip
_KINESIS = frozenset({"base64", "data", "partition_key", "sequence_number", "timestamp"})
_KAFKA = frozenset({"base64", "headers", "key", "offset", "partition", "timestamp", "topic", "value"})


def _sqs_record(message: Any, index: int, queue: str, region: str) -> dict[str, Any]:
    given = overrides(message, "body", _SQS)
    body, region = given.get("body"), given.get("region", region)
    text = body if isinstance(body, str) or body is None else to_json(body)
    message_id = given.get("message_id", str(uuid5(NAMESPACE_URL, f"sqs/{index}")))
    record = {
        "messageId": message_id,
        "receiptHandle": b64encode(f"{queue}/{message_id}".encode()).decode(),
        "body": text,
        "attributes": _sqs_attributes(given, index, queue.endswith(".fifo"), message_id),
        "messageAttributes": given.get("message_attributes", {}),
        "md5OfBody": _md5(text or ""),
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:{region}:{ACCOUNT}:{queue}",
        "awsRegion": region,
    }
    if text is None:
        del record["body"]
    return record


def _sqs_attributes(given: Mapping[str, Any], index: int, fifo: bool, message_id: str) -> dict[str, Any]:
    sent = int(given.get("timestamp", NOW))
    attributes = {
        "ApproximateReceiveCount": str(given.get("receive_count", 1)),
        "SentTimestamp": str(sent),
        "SenderId": "AIDAIENQZJOLO23YVJ4VO",
        "ApproximateFirstReceiveTimestamp": str(sent + 1),
    }
    group = given.get("group_id", _partition_key(given.get("body"), "0") if fifo else None)
    if group is not None:
        attributes["MessageGroupId"] = str(group)
    if fifo:
        attributes["SequenceNumber"] = str(_FIRST_SQS + index)
        attributes["MessageDeduplicationId"] = message_id
    return {**attributes, **given.get("attributes", {})}


def _kinesis_record(event: Any, index: int, stream: str, region: str) -> dict[str, Any]:
    given = overrides(event, "data", _KINESIS, "base64")
    data = given.get("data")
    number = str(given.get("sequence_number", _FIRST_KINESIS + index))
    event_id = data.get("id") if isinstance(data, Mapping) else None
    kinesis = {
        "kinesisSchemaVersion": "1.0",
        "partitionKey": str(given.get("partition_key", _partition_key(data, event_id or index))),
        "sequenceNumber": number,
        "data": given["base64"] if "base64" in given else to_base64(data),
        "approximateArrivalTimestamp": given.get("timestamp", NOW) / 1000,
    }
    if kinesis["data"] is None:
        del kinesis["data"]
    return {
        "kinesis": kinesis,
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"shardId-000000000000:{number}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": f"arn:aws:iam::{ACCOUNT}:role/orders",
        "awsRegion": region,
        "eventSourceARN": f"arn:aws:kinesis:{region}:{ACCOUNT}:stream/{stream}",
    }


_DYNAMODB = frozenset(
    {
        "event_name",
        "keys",
        "newImage",
        "new_image",
        "oldImage",
        "old_image",
        "region",
        "sequence_number",
        "timestamp",
        "ttl_expired",
    }
)


def _dynamodb_record(
    change: Mapping[str, Any], index: int, arn: str, key: Sequence[str], view_type: str
) -> dict[str, Any]:
    if unknown := sorted(change.keys() - _DYNAMODB):
        raise ValueError(
            f"Expected a change with new_image and/or old_image, but found {', '.join(unknown)}; "
            f"known names are {', '.join(sorted(_DYNAMODB))}."
        )
    new = change.get("new_image", change.get("newImage"))
    old = change.get("old_image", change.get("oldImage"))
    image = new or old or {}
    keys = change.get("keys") or {name: image[name] for name in key if name in image}
    number = str(change.get("sequence_number", _FIRST_DYNAMODB + index))
    timestamp = change.get("timestamp")
    stream_record = {
        "ApproximateCreationDateTime": NOW / 1000 if timestamp is None else timestamp,
        "Keys": _stream_item(keys),
        **({"NewImage": _stream_item(new)} if new and "NEW" in view_type else {}),
        **({"OldImage": _stream_item(old)} if old and "OLD" in view_type else {}),
        "SequenceNumber": number,
        "SizeBytes": len(to_json([keys, new, old])),
        "StreamViewType": view_type,
    }
    record = {
        "eventID": _md5(number),
        "eventName": change.get("event_name", "INSERT" if not old else "MODIFY" if new else "REMOVE"),
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": change.get("region", arn.split(":")[3]),
        "dynamodb": stream_record,
        "eventSourceARN": arn,
    }
    if change.get("ttl_expired"):
        record["userIdentity"] = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
    return record


def _kafka_record(event: Any, topic: str, partitions: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    given = overrides(event, "value", _KAFKA, "base64")
    topic, partition = given.get("topic", topic), given.get("partition", 0)
    key = given.get("key", _partition_key(given.get("value"), None))
    headers = given.get("headers", {})
    return {
        "topic": topic,
        "partition": partition,
        "offset": given.get("offset", len(partitions.get(f"{topic}-{partition}", ()))),
        "timestamp": given.get("timestamp", NOW),
        "timestampType": "CREATE_TIME",
        **({"key": to_base64(key if isinstance(key, bytes) else str(key))} if key is not None else {}),
        "value": given["base64"] if "base64" in given else to_base64(given.get("value")),
        "headers": [
            {name: list(value if isinstance(value, bytes) else str(value).encode())} for name, value in headers.items()
        ],
    }


# -- Their parts -------------------------------------------------------------------------------------------------------


def _partition_key(payload: Any, default: Any) -> Any:
    if not isinstance(payload, Mapping):
        return default
    key = payload.get("partition_key", payload.get("partitionKey"))
    return default if key is None else key


def _stream_item(item: Mapping[str, Any]) -> dict[str, Any]:
    """Encode an item as in a stream's record: binary values as base64."""
    return cast("dict[str, Any]", json.loads(to_json(serialize_item(item))))


def _md5(text: str) -> str:
    return md5(text.encode(), usedforsecurity=False).hexdigest()
