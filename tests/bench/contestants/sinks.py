"""This library: records that each send one entry to a sink; ``Case.form`` names the sink."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

from powertools_stream import RuleRegistry, UnitOfWork, stream_processor
from powertools_stream.flavors import task
from powertools_stream.requests import (
    DeleteObject,
    GetItems,
    IndexDocument,
    PublishMessage,
    PutDeliveryRecord,
    PutEvent,
    PutItem,
    PutMetricData,
    PutRecord,
    Request,
    SendMessage,
)
from tests.bench.cases import BUCKET, Case, Handler

__all__ = ["SINKS", "prepare"]

_TOPIC = "arn:aws:sns:eu-central-1:123456789012:bench"
_QUEUE = "http://localhost/123456789012/bench"

_REQUESTS: dict[str, Callable[[UnitOfWork], Request]] = {
    "EventBridge, PutEvents": lambda uow: PutEvent(uow.event),
    "DynamoDB, BatchWriteItem": lambda uow: PutItem({"Item": {"pk": uow.event["id"], "order": uow.event["order"]}}),
    "DynamoDB, BatchGetItem": lambda uow: GetItems({"Keys": [{"pk": uow.event["id"]}]}),
    "S3, DeleteObjects": lambda uow: DeleteObject({"Key": uow.event["id"]}, bucket_name=BUCKET),
    "SNS, PublishBatch": lambda uow: PublishMessage({"Message": uow.event}, topic_arn=_TOPIC),
    "SQS, SendMessageBatch": lambda uow: SendMessage({"MessageBody": uow.event}, queue_url=_QUEUE),
    "SQS FIFO, a group each": lambda uow: SendMessage(
        {"MessageBody": uow.event, "MessageGroupId": uow.event["partition_key"]}, queue_url=f"{_QUEUE}.fifo"
    ),
    "Kinesis, PutRecords": lambda uow: PutRecord({"Data": uow.event}, stream_name="bench"),
    "Firehose, PutRecordBatch": lambda uow: PutDeliveryRecord({"Data": uow.event}, delivery_stream_name="bench"),
    "CloudWatch, PutMetricData": lambda uow: PutMetricData(
        {"MetricName": "orders", "Value": 1, "Unit": "Count"}, namespace="bench"
    ),
    "OpenSearch, bulk": lambda uow: IndexDocument(
        {"index": "orders", "id": uow.event["id"], "body": uow.event["order"]},
        domain_host=os.environ["BENCH_DOMAIN"],
    ),
}

SINKS = tuple(_REQUESTS)
"""The values of ``Case.form``."""


def prepare(case: Case) -> Handler:
    request_of = _REQUESTS[case.form]
    rules = RuleRegistry()

    @rules.register(task, ordered=False)
    def send(uow: UnitOfWork) -> Iterator[Any]:
        return (yield request_of(uow))

    @stream_processor(rules=rules)
    def handler(event: Any, context: Any) -> None: ...

    return lambda event: handler(event, None)
