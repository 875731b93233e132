"""Hand-written code for one job: as few calls as the API allows, on a thread pool that is kept between batches."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from typing import Any

import boto3
from boto3.dynamodb.types import TypeSerializer
from botocore.config import Config

from tests.bench.cases import BUCKET, BUS, QUEUE_URL, TABLE, THREADS, Case, Handler, Job

__all__ = ["call_for_one", "prepare"]

_pool_of = cache(ThreadPoolExecutor)
_serialize = TypeSerializer().serialize


def prepare(case: Case) -> Handler:
    """Return the handler of a case, whose form is the number of threads."""
    threads = int(case.form or THREADS)
    call, make, size = _parts(case.job, threads)
    pool = _pool_of(threads)

    def handler(event: dict[str, Any]) -> dict[str, Any]:
        made = [make(json.loads(record["body"])) for record in event["Records"]]
        list(pool.map(call, (made[start : start + size] for start in range(0, len(made), size))))
        return {"batchItemFailures": []}

    return handler


def call_for_one(job: Job) -> Callable[[dict[str, Any]], Any]:
    """Return the function that makes one call for one event."""
    call, make, _ = _parts(job, THREADS)
    return lambda event: call([make(event)])


def _parts(job: Job, threads: int) -> tuple[Callable[[Sequence[Any]], None], Callable[[dict[str, Any]], Any], int]:
    """Return the function that makes a call, the one that makes its entries, and how many entries a call takes."""
    config = Config(max_pool_connections=threads)
    if job == "emit":
        return partial(_put_events, boto3.client("events", config=config)), _entry, 10
    if job == "object":
        return partial(_put_object, boto3.client("s3", config=config)), _object, 1
    if job == "message":
        return partial(_send_messages, boto3.client("sqs", config=config)), _message, 10
    dynamodb = boto3.client("dynamodb", config=config)
    if job == "put":
        return partial(_batch_write, dynamodb), _put_request, 25
    return partial(_update, dynamodb), _update_request, 1


def _put_events(client: Any, entries: Sequence[Any]) -> None:
    response = client.put_events(Entries=entries)
    if response["FailedEntryCount"]:
        raise RuntimeError(response)


def _batch_write(client: Any, requests: Sequence[Any]) -> None:
    response = client.batch_write_item(RequestItems={TABLE: requests})
    if response["UnprocessedItems"]:
        raise RuntimeError(response)


def _put_object(client: Any, requests: Sequence[Any]) -> None:
    client.put_object(Bucket=BUCKET, **requests[0])


def _send_messages(client: Any, messages: Sequence[str]) -> None:
    entries = [{"Id": str(n), "MessageBody": message} for n, message in enumerate(messages)]
    response = client.send_message_batch(QueueUrl=QUEUE_URL, Entries=entries)
    if response.get("Failed"):
        raise RuntimeError(response)


def _object(event: dict[str, Any]) -> dict[str, Any]:
    return {"Key": event["order"]["id"], "Body": json.dumps(event)}


def _message(event: dict[str, Any]) -> str:
    return json.dumps(event)


def _update(client: Any, requests: Sequence[Any]) -> None:
    client.update_item(**requests[0])


def _entry(event: dict[str, Any]) -> dict[str, Any]:
    accepted = {
        "id": f"{event['id']}.accept-order",
        "type": "order-accepted",
        "timestamp": event["timestamp"],
        "partition_key": event["partition_key"],
        "total": sum(line["price"] for line in event["order"]["lines"]),
        "tags": {"region": "eu-central-1", "source": "bench", "functionname": "undefined", "pipeline": "accept-order"},
    }
    return {"EventBusName": BUS, "Source": "custom", "DetailType": "order-accepted", "Detail": json.dumps(accepted)}


def _put_request(event: dict[str, Any]) -> dict[str, Any]:
    item = {"pk": event["id"], "sk": "EVENT", "data": event["order"]["id"], "event": event}
    return {"PutRequest": {"Item": {name: _serialize(value) for name, value in item.items()}}}


def _update_request(event: dict[str, Any]) -> dict[str, Any]:
    order = event["order"]
    values = {
        ":status": "created",
        ":total": sum(line["price"] for line in order["lines"]),
        ":lines": order["lines"],
        ":timestamp": event["timestamp"],
    }
    return {
        "TableName": TABLE,
        "Key": {"pk": {"S": order["id"]}, "sk": {"S": "order"}},
        "UpdateExpression": "SET #status = :status, #total = :total, #lines = :lines, #timestamp = :timestamp",
        "ConditionExpression": "attribute_not_exists(#timestamp) OR #timestamp < :timestamp",
        "ExpressionAttributeNames": {f"#{name[1:]}": name[1:] for name in values},
        "ExpressionAttributeValues": {name: _serialize(value) for name, value in values.items()},
        "ReturnValues": "ALL_NEW",
    }
