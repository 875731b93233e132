"""Calls one after the other on one thread: with boto3, with the library's clients, and by their lean call path."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3

from powertools_stream.connectors import Clients
from tests.bench.cases import BUS, QUEUE_URL, TABLE, TOPIC_ARN, Case, Handler

__all__ = ["CALLS", "prepare"]

_EVENT = {"EventBusName": BUS, "Source": "custom", "DetailType": "order-accepted", "Detail": '{"total": 7, "id": "1"}'}
_KEY = {"pk": {"S": "order-1"}, "sk": {"S": "order"}}

# The service, the method of its client, its parameters.
CALLS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "UpdateItem": (
        "dynamodb",
        "update_item",
        {
            "TableName": TABLE,
            "Key": _KEY,
            "UpdateExpression": "SET #total = :total",
            "ExpressionAttributeNames": {"#total": "total"},
            "ExpressionAttributeValues": {":total": {"N": "7"}},
        },
    ),
    "BatchWriteItem, 25 items": (
        "dynamodb",
        "batch_write_item",
        {"RequestItems": {TABLE: [{"PutRequest": {"Item": _KEY}}] * 25}},
    ),
    "PutEvents, 10 events": ("events", "put_events", {"Entries": [_EVENT] * 10}),
    "SendMessageBatch, 10 messages": (
        "sqs",
        "send_message_batch",
        {"QueueUrl": QUEUE_URL, "Entries": [{"Id": str(n), "MessageBody": "order-1"} for n in range(10)]},
    ),
    "PublishBatch, 10 messages": (
        "sns",
        "publish_batch",
        {"TopicArn": TOPIC_ARN, "PublishBatchRequestEntries": [{"Id": str(n), "Message": "1"} for n in range(10)]},
    ),
    "PutObject, 1 KB": ("s3", "put_object", {"Bucket": "bench-bucket", "Key": "order-1", "Body": b"x" * 1000}),
}


def prepare(case: Case) -> Handler:
    name, _, form = case.form.partition("|")
    service, method, params = CALLS[name]
    call: Callable[..., Any] = getattr(_client(service, form), method)
    call(**params)  # the connection, and the template

    def handler(event: dict[str, Any]) -> None:
        for _ in range(case.records):
            call(**params)

    return handler


def _client(service: str, form: str) -> Any:
    if form == "boto3":
        return boto3.client(service)
    return Clients(lean_calls=form == "lean").client(service)
